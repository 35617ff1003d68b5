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
const cases = {
  "idle: prompt, no window here": ["input", typed("now write the release notes"), closed],
  "idle: a shell command": ["tool_call", { toolName: "bash", toolCallId: "c", input: { command: "ls -la" } }, closed],
  "idle: a skill that is not the org's": ["tool_call", skill("my-own"), closed],
  "recording: an org skill is used": ["tool_call", skill("skill-7--alice"), closed],
  "recording + start: a typed skill": ["input", typed("/skill:skill-7--alice now"), closed],
  "recording + start: a reaction": ["input", typed("no, that is wrong"), open],
  "recording + start: a session starts": ["session_start", { reason: "startup" }, closed],
};

const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
for (let round = -2; round < rounds; round++) {
  for (const [name, [event, told, before]] of Object.entries(cases)) {
    before();
    const start = process.hrtime.bigint();
    handlers[event](told, ctx);
    const took = Number(process.hrtime.bigint() - start) / 1e6;
    if (round >= 0) times[name].push(took);
    const starts = event !== "tool_call"; // the worker, which then ends
    await new Promise((resolve) => setTimeout(resolve, starts ? 400 : 0));
  }
}
console.log(JSON.stringify({ times, ballast: ballast.length }));
