// hivemind-skillopt for pi: notes when an org skill is used, and what is typed after it.
// `hivemind-skillopt install` made this file and `hivemind-skillopt uninstall` removes it; edits are lost.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

/** @type {{launcher: string, python: string, worker: string} | null} */
const INSTALLED = null;

const CARRIED = [
  "HOME",
  "HIVEMIND_SKILLOPT_STORE",
  "HIVEMIND_ORG_ID",
  "HIVEMIND_WORKSPACE_ID",
  "HIVEMIND_SKILLOPT_MODE",
  "HIVEMIND_SKILLOPT_JUDGE_WINDOW",
  "HIVEMIND_SKILL_ATTRIBUTION",
  "PI_CODING_AGENT_DIR",
];

const GUARD = "HIVEMIND_SKILLOPT_WORKER";
const YES = ["1", "true", "yes", "on"];
const READERS = ["read", "bash"]; // the tools that can read a skill; edit and write are maintenance
const MAX_TEXT = 1 << 18; // characters; the inbox takes files of 4 MiB, and JSON may make six of one
const STARTS_A_MINUTE = 60; // of workers; as in launch.py
const MINUTE = 60_000_000_000n; // ns
const BLOCK = 4096; // bytes
const MAX_WAITING = 1 << 14; // blocks in the inbox; as in recorder.py
const MAX_LOG = 8 << 20; // bytes; as there
const SOON = 250; // ms; by then the request is on its way
const SKILL_COMMAND = /^\/skill:(\S+)(?= |$)/;

/** Shared by all copies in one process: the newest, which of them speaks in a session, and the last file's time. */
const fresh = { newest: null, speakers: new Map(), last: 0n, starting: false };
const shared = (globalThis[Symbol.for("hivemind-skillopt")] ??= fresh);

/** pi calls this once for a session, and again in the same process after `/new`. Nothing here may throw. */
export default function hivemindSkillopt(pi) {
  try {
    if (!INSTALLED || GUARD in process.env || isYes("HIVEMIND_SKILLOPT_DISABLED")) return;
    const me = (shared.newest = {});
    const on = (name, handle) => {
      pi.on(name, (event, ctx) => quietly(name, () => speaks(me, name, ctx) && handle(event, ctx, pi)));
    };
    on("session_start", sessionStart);
    on("tool_call", toolCall);
    if (!("PI_SESSION_ID" in process.env)) on("input", input); // else an agent's shell runs this pi: no human types
  } catch {
    // pi goes on without us
  }
}

/** Of two copies in a session the last one speaks; a session that runs inside another one does not silence it. */
function speaks(me, name, ctx) {
  const session = ctx.sessionManager.getSessionId();
  if (name === "session_start" && shared.newest === me) shared.speakers.set(session, me);
  return (shared.speakers.get(session) ?? shared.newest) === me;
}

function sessionStart(event, ctx) {
  const state = stateDir();
  if (!state) return;
  write(state, "SessionStart", { ...about(ctx), source: event.reason });
  startWorkerSoon(state);
}

function toolCall(event, ctx) {
  if (!READERS.includes(event.toolName)) return;
  const { path: file, offset, limit, command } = event.input ?? {};
  const named = [file, command].filter((text) => typeof text === "string").join("\n");
  const state = stateDir();
  if (!state || isOff() || !orgSkills(state).some((ref) => named.includes(ref))) return;
  const tool_input = { path: text(file), command: text(command), offset: number(offset), limit: number(limit) };
  const call = { tool_name: event.toolName, tool_use_id: text(event.toolCallId), tool_input };
  write(state, "PreToolUse", { ...about(ctx), ...call });
  touch(marker(state, ctx));
}

function input(event, ctx, pi) {
  if (event.source === "extension" || typeof event.text !== "string") return;
  const state = stateDir();
  if (!state || isOff()) return;
  const skill = SKILL_COMMAND.exec(event.text)?.[1];
  const uses = skill !== undefined && orgSkills(state).includes(skill);
  if (!uses && !fs.existsSync(marker(state, ctx))) return;
  const said = { prompt: text(event.text), source: event.source, skill_file: uses ? skillFile(pi, skill) : undefined };
  write(state, "UserPromptMention", { ...about(ctx), ...said });
  if (uses) touch(marker(state, ctx)); // after the file: the worker looks again once it has removed a marker
  startWorkerSoon(state);
}

/** What every payload says. pi lets nobody read an old `ctx`, so it is read at once. */
function about(ctx) {
  return {
    event_id: randomBytes(12).toString("hex"),
    session_id: text(ctx.sessionManager.getSessionId()),
    transcript_path: text(ctx.sessionManager.getSessionFile()),
    cwd: text(ctx.cwd),
  };
}

/** Where pi found the skill of that name; "" where it has none; nothing where it does not say. */
function skillFile(pi, skill) {
  try {
    const found = pi.getCommands().find((command) => command.source === "skill" && command.name === `skill:${skill}`);
    return found ? text(found.sourceInfo?.path) : "";
  } catch {
    return undefined;
  }
}

/** The state directory; "" while nothing may be recorded: no installation, a vanished environment, a pause. */
function stateDir() {
  if (!isExecutable(INSTALLED.launcher) || !isExecutable(INSTALLED.python)) return "";
  const chosen = process.env.HIVEMIND_SKILLOPT_STATE_DIR ?? "";
  const state = chosen.startsWith("/") ? chosen : path.dirname(INSTALLED.launcher);
  return isPaused(`${state}/disabled`) ? "" : state;
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The file means for ever, or until the time that it holds (ns). */
function isPaused(file) {
  if (!fs.existsSync(file)) return false;
  const until = fs.readFileSync(file, "utf8").trim();
  return !/^\d+$/.test(until) || now() < BigInt(until);
}

function isOff() {
  return (process.env.HIVEMIND_SKILLOPT_MODE ?? "").trim().toLowerCase() === "off";
}

function isYes(name) {
  return YES.includes((process.env[name] ?? "").trim().toLowerCase());
}

function orgSkills(state) {
  return read(`${state}/org-skills`).split(/\s+/).filter(Boolean);
}

/** The session's marker, named as `recorder.session_key` does. */
function marker(state, ctx) {
  const id = Buffer.from(text(ctx.sessionManager.getSessionId()) ?? "").subarray(0, 120);
  const key = String.fromCharCode(...id.filter((byte) => byte < 128)).replace(/[^0-9A-Za-z-]/g, "_");
  return `${state}/sessions/pi-${key || "_"}`;
}

/** The inbox file: the format is in `recorder.py`. A reader never sees half of it. */
function write(state, event, payload) {
  const item = header(state, event) + JSON.stringify(payload);
  if (!mayWait(state, item.length)) return;
  const unique = `${process.pid}-${randomBytes(4).toString("hex")}`;
  const temporary = `${state}/inbox/.tmp-${unique}`;
  const file = create(temporary);
  try {
    fs.writeFileSync(file, item);
    fs.renameSync(temporary, `${state}/inbox/${nextTime(file)}-${unique}`);
  } catch (error) {
    fs.unlinkSync(temporary);
    throw error;
  } finally {
    fs.closeSync(file);
  }
}

/** Count what comes into the inbox, a dot for each block; without a worker that takes it in, it is full one day. */
function mayWait(state, size) {
  const dots = ".".repeat(Math.floor(size / BLOCK) + 1);
  const file = create(`${state}/inbox-blocks`);
  try {
    if (fs.fstatSync(file).size + dots.length > MAX_WAITING) return false;
    fs.writeSync(file, dots);
    return true;
  } finally {
    fs.closeSync(file);
  }
}

function header(state, event) {
  const lines = ["hivemind-skillopt inbox 1", "harness=pi", `event=${event}`];
  lines.push(`generation=${read(`${state}/generation`).trim()}`);
  const set = CARRIED.filter((name) => process.env[name] !== undefined);
  return [...lines, ...set.map((name) => `${name}=${escape(process.env[name])}`), "", ""].join("\n");
}

/** One line, whatever the value holds. */
function escape(value) {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

/** The file's own time, as the recorder takes it; two of one moment stay in order. */
function nextTime(file) {
  const { mtimeNs } = fs.fstatSync(file, { bigint: true });
  shared.last = mtimeNs > shared.last || shared.last - mtimeNs > 60_000_000_000n ? mtimeNs : shared.last + 1n;
  return String(shared.last).padStart(20, "0");
}

/** Open it for writing; its folder is made when it is missing. */
function create(file) {
  try {
    return fs.openSync(file, "a", 0o600);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    return fs.openSync(file, "a", 0o600);
  }
}

function touch(file) {
  fs.closeSync(create(file));
}

function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return "";
  }
}

/**
 * To start a process stops one of pi's size for 20 to 40 ms. It can spare them while it waits for the model, and at its
 * end. What is recorded until then has its worker, too.
 */
function startWorkerSoon(state) {
  if (shared.starting) return;
  shared.starting = true;
  const start = () => {
    clearTimeout(timer);
    process.off("exit", start);
    shared.starting = false;
    quietly("worker", () => startWorker(state));
  };
  const timer = setTimeout(start, SOON).unref();
  process.once("exit", start);
}

/** As `launch.py` counts: the minute, and a dot for each start in it, of every harness. */
function mayStart(state) {
  const file = fs.openSync(path.join(state, "worker-starts"), "a+", 0o600);
  try {
    const minute = `${now() / MINUTE} `;
    const held = Buffer.alloc(minute.length + STARTS_A_MINUTE);
    const counted = held.toString("latin1", 0, fs.readSync(file, held, 0, held.length, 0));
    if (counted.startsWith(minute)) {
      if (counted.length === held.length) return false;
      fs.writeSync(file, ".");
    } else {
      fs.ftruncateSync(file, 0);
      fs.writeSync(file, `${minute}.`);
    }
    return true;
  } finally {
    fs.closeSync(file);
  }
}

/** In a session of its own. A failed start comes as an event that, unheard, would end pi. */
function startWorker(state) {
  if (!mayStart(state)) return;
  const options = { detached: true, stdio: "ignore", env: { ...process.env, [GUARD]: "1" } };
  const worker = spawn(INSTALLED.python, ["-I", INSTALLED.worker, "--worker", state], options);
  worker.on("error", () => {});
  worker.unref();
}

/** Half of a surrogate pair is no JSON for the reader. */
function text(value) {
  return typeof value === "string" ? value.slice(0, MAX_TEXT).toWellFormed() : undefined;
}

function number(value) {
  return Number.isSafeInteger(value) ? value : undefined;
}

function now() {
  return BigInt(Date.now()) * 1_000_000n;
}

/** Run it; a failure is one line in the log, the error's name and nothing it says. Never throws, returns nothing. */
function quietly(event, work) {
  try {
    work();
  } catch (error) {
    try {
      const name = JSON.stringify(String(error.code ?? error.name));
      const line = `{"at": ${now()}, "what": "hook_failed", "event": "${event}", "error": ${name}}\n`;
      const log = create(`${path.dirname(INSTALLED.launcher)}/log.jsonl`);
      if (fs.fstatSync(log).size < MAX_LOG) fs.writeSync(log, line);
      fs.closeSync(log);
    } catch {
      // a full disk, a read-only one
    }
  }
}
