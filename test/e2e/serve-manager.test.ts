/** `mayfly serve` under a service manager: notifications, the watchdog, and levels for the journal. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../children.js";
import { DatagramReceiver } from "../datagrams.js";
import { MAYFLY, Scratch } from "./program.js";
import { ServeProcess } from "./serve-process.js";

const ARGS = ["--no-state", "--settle", "0", "--jitter", "0", "--inline", "x /nowhere"];

for (const kind of ["path", "abstract"] as const) {
  test(`a service manager hears of the service's states, by ${kind}`, async () => {
    using scratch = new Scratch();
    const socket = kind === "path" ? join(scratch.path, "notify") : `@mayfly-test-${process.pid}`;
    using receiver = new DatagramReceiver(socket);
    const has = (text: string | RegExp): boolean =>
      receiver.receive().some((each) => each.match(text) !== null);
    const serve = new ServeProcess(ARGS, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "200000" });
    await until("it is ready", () => has(/^READY=1$/m));
    await until(
      "the watchdog is answered",
      () => receiver.receive().filter((each) => each === "WATCHDOG=1\n").length > 2,
    );
    assert.ok(has(/^EXTEND_TIMEOUT_USEC=\d+$/m));
    await until("the next run is known", () => has(/^STATUS=Next run: /m));
    const ready = receiver.receive().filter((each) => each === "READY=1\n").length;
    serve.signal("SIGHUP");
    await until("it reloads", () => has(/^RELOADING=1\nMONOTONIC_USEC=\d+\n$/));
    await until(
      "it is ready again",
      () => receiver.receive().filter((each) => each === "READY=1\n").length > ready,
    );
    assert.equal(await serve.end("SIGTERM"), 0);
    assert.ok(has(/^STOPPING=1$/m));
  });
}

test("a watchdog for another process is not answered", async () => {
  using receiver = new DatagramReceiver(`@mayfly-test-other-${process.pid}`);
  const env = {
    NOTIFY_SOCKET: `@mayfly-test-other-${process.pid}`,
    WATCHDOG_USEC: "1000",
    WATCHDOG_PID: "1",
  };
  const serve = new ServeProcess(ARGS, env);
  await until("it is ready", () => receiver.receive().includes("READY=1\n"));
  await serve.end("SIGTERM");
  assert.ok(!receiver.receive().includes("WATCHDOG=1\n"));
});

test("a service manager that is gone does not matter", async () => {
  using scratch = new Scratch();
  const serve = new ServeProcess(ARGS, { NOTIFY_SOCKET: join(scratch.path, "gone") });
  await serve.logs("Next run: ");
  assert.equal(await serve.end("SIGTERM"), 0);
});

test("the command beside it does not inherit the manager's variables", async () => {
  const env = { NOTIFY_SOCKET: "@none", WATCHDOG_USEC: "1000000", OWN: "kept" };
  const serve = new ServeProcess(
    [...ARGS, "--", "sh", "-c", 'echo "[$NOTIFY_SOCKET$WATCHDOG_USEC$OWN]"'],
    env,
  );
  assert.equal(await serve.end(), 0);
  assert.match(serve.output, /\[kept\]/);
});

test("lines for the journal begin with their level if journald cannot be reached", {
  skip: existsSync("/run/systemd/journal/socket") && "journald runs here",
}, () => {
  using scratch = new Scratch();
  const log = join(scratch.path, "log");
  const fd = openSync(log, "w");
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const env = { ...process.env, JOURNAL_STREAM: `${dev}:${ino}` };
  const args = [
    MAYFLY,
    "serve",
    "--once",
    "--now",
    "--no-state",
    "--inline",
    "y /x",
    "--inline",
    "d /nowhere - - - 1d",
  ];
  assert.equal(
    spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", fd], env, timeout: 60_000 }).status,
    65,
  );
  closeSync(fd);
  assert.match(readFileSync(log, "utf8"), /^<3>.*error: .*\n<4>clean: removed 0 entries.*\n$/);
});
