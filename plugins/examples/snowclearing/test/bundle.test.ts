// The program as it is packed: one file, which needs nothing beside it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

test("the bundle starts alone, and ends when Veche is gone", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "veche-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync("bin/any/plugin", join(folder, "plugin"));
  const child = spawn(join(folder, "plugin"), {
    cwd: folder,
    env: { PATH: process.env["PATH"], VECHE_PLUGIN: "a-plugin-of-veche", VECHE_PLUGIN_KEY: "k", VECHE_HOST_ADDRESS: `unix:${folder}/host.sock`, PLUGIN_UNIX_SOCKET_DIR: folder },
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const line = await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
  assert.match(line, /^1\|1\|unix\|\/.*\|grpc\n$/);
  child.stdin.end();
  assert.equal(await ended, 0);
});
