// Calls the installed extension's handlers as pi does and says how long each took: see pi.py.

import fs from "node:fs";

const { file, marker, rounds, session } = JSON.parse(fs.readFileSync(0, "utf8"));
const ballast = Buffer.alloc(150 << 20, 1); // pi's size: to start a process costs more in a large one
const ctx = {
  cwd: "/home/dev/project",
  sessionManager: { getSessionId: () => session, getSessionFile: () => `/home/dev/${session}.jsonl` },
};
const commands = Array.from({ length: 100 }, (_, n) => ({ source: "skill", name: `skill:skill-${n}--alice` }));
const handlers = {};
const source = fs.readFileSync(file).toString("base64");
const { default: extension } = await import(`data:text/javascript;base64,${source}`);
extension({ on: (name, handler) => (handlers[name] = handler), getCommands: () => commands });

const closed = () => fs.rmSync(marker, { force: true });
const open = () => fs.closeSync(fs.openSync(marker, "a"));
const skill = (name) => ({ toolName: "read", toolCallId: "c", input: { path: `/home/dev/skills/${name}/SKILL.md` } });
const typed = (text) => ({ text, source: "interactive" });
const timed = (work) => {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
};
const cases = {
  "idle: prompt, no window here": ["input", typed("now write the release notes"), closed],
  "idle: a shell command": ["tool_call", { toolName: "bash", toolCallId: "c", input: { command: "ls -la" } }, closed],
  "idle: a skill that is not the org's": ["tool_call", skill("my-own"), closed],
  "recording: an org skill is used": ["tool_call", skill("skill-7--alice"), closed],
  "recording + start: a typed skill": ["input", typed("/skill:skill-7--alice now"), closed],
  "recording + start: a reaction": ["input", typed("no, that is wrong"), open],
  "recording + start: a session starts": ["session_start", { reason: "startup" }, closed],
};

/** What a handler puts off, to be timed: the extension hands one function to a timer and to the exit. */
const putOff = [];
const { setTimeout: realTimeout } = globalThis;
globalThis.setTimeout = (work, ms) => realTimeout(() => putOff.push(timed(work)), ms);

const LATER = { timer: "later: the worker starts, by the timer", exit: "later: the worker starts, at the exit" };
const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
const later = { [LATER.timer]: [], [LATER.exit]: [] };
for (let round = -2; round < rounds; round++) {
  for (const [name, [event, told, before]] of Object.entries(cases)) {
    before();
    const took = timed(() => handlers[event](told, ctx));
    const starts = event !== "tool_call"; // the worker, which then ends
    await new Promise((resolve) => realTimeout(resolve, starts ? 400 : 0));
    if (round >= 0) times[name].push(took);
  }
  const found = putOff.splice(0);
  handlers.session_start({ reason: "startup" }, ctx);
  const atExit = timed(process.listeners("exit").at(-1));
  await new Promise((resolve) => realTimeout(resolve, 400));
  if (round < 0) continue;
  later[LATER.timer].push(...found);
  later[LATER.exit].push(atExit);
}
console.log(JSON.stringify({ times, later, ballast: ballast.length }));
