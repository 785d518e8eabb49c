/** The examples of --help, the man pages and docs/migration.md work: they run in a mount namespace in which only their own places can be changed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { COMMANDS } from "#src/cli/table.js";
import { until } from "../children.js";
import { needsPrograms, needsRoot } from "../requirements.js";

/** What an example presupposes, and what shows that it worked. */
interface Scene {
  /** Shell commands that prepare it. */
  readonly before?: string;
  /** Shell commands that are repeated while it runs. */
  readonly meanwhile?: string;
  readonly prints?: RegExp;
  /** It runs until it is stopped, once it has printed that. */
  readonly endless?: true;
  readonly status?: number;
  /** A shell condition that holds afterwards. */
  readonly after?: string;
  readonly needs?: readonly string[];
}

const PRIVATE = `mayfly run --name web -- sh -c 'touch /tmp/inside; exec sleep 60' &
  until mayfly path web >/srv/where 2>/dev/null && [ -e "$(cat /srv/where)/inside" ]; do sleep 0.05; done`;
const BUILD = "mkdir /var/tmp/build && touch -d '40 days ago' /var/tmp/build/old";
const CHURN = "touch /var/tmp/build/new /srv/new; rm /var/tmp/build/new /srv/new";
/** A host that runs cron. */
const CRON = "mkdir -p /etc/cron.d && rm -f /etc/anacrontab /etc/cron.daily/tmpreaper";
const SERVES = { prints: /Next run: /, endless: true } as const;

/** A queue, a tree and a policy. */
const QUEUE = `nats-server -js -sd /srv/store -a 127.0.0.1 >/srv/log 2>&1 &
  until grep -q 'Server is ready' /srv/log; do sleep 0.05; done
  mkdir /srv/scratch && touch -d '40 days ago' /srv/scratch/old
  echo 'e /srv/scratch - - - mM:30d' >purge.conf; (umask 077; touch /srv/scratch/.mayfly-scratch)`;
const scratchPart = (verb: string): string =>
  `mayfly scratch ${verb} /srv/scratch --config purge.conf --queue nats://localhost:4222 >/dev/null 2>&1 &`;

/** A script with a guessable name, in the directories of the examples. */
const UNSAFE = `mkdir src debian
  printf '#!/bin/sh\\nX=/tmp/foo.$$\\necho x >"$X"\\n' | tee src/app.sh debian/app.sh >/dev/null`;
/** A host with one unit only. */
const UNIT = `for dir in /usr/lib/systemd/system /lib/systemd/system /etc/systemd/system; do
    if [ -d $dir ]; then mount -t tmpfs none $dir || exit 98; fi
  done
  mkdir -p /etc/systemd/system && mkdir /srv/program && printf '#!/bin/sh\\necho x >/tmp/foo.$$\\n' >/srv/program/app
  printf '[Service]\\nExecStart=/bin/sh /srv/program/app\\n' >/etc/systemd/system/app.service`;

/** By command line, as the tables have it. */
const SCENES: Readonly<Record<string, Scene>> = {
  "mayfly clean --dry-run": { prints: /^Would remove 1 entry/m },
  "mayfly clean --dry-run --user --inline 'e %h/Downloads - - - 30d'": { prints: /Downloads/ },
  "mayfly clean /srv/scratch --older-than 10d --exclude 'keep*' --dry-run": {
    before: "mkdir /srv/scratch && touch /srv/scratch/new",
    prints: /scratch/,
  },
  "mayfly clean --verbose tmp.conf": { prints: /removed \/tmp\/old/, after: "[ ! -e /tmp/old ]" },
  "mayfly clean --json | jq 'select(.type == \"removed\").path'": {
    prints: /^"\/tmp\/old"$/m,
    needs: ["jq"],
  },
  "mayfly create --dry-run": { prints: /Would create/ },
  "mayfly create nginx.conf": { after: "[ -d /run/nginx ]" },
  "mayfly create --inline 'd /run/app 0750 app app'": {
    after: '[ "$(stat -c "%a %U" /run/app)" = "750 app" ]',
  },
  "mayfly create --root=/mnt/new -E": {
    before:
      "mkdir -p /mnt/new/usr/lib/tmpfiles.d && echo 'd /var/spool/app' >/mnt/new/usr/lib/tmpfiles.d/app.conf",
    after: "[ -d /mnt/new/var/spool/app ]",
  },
  "mayfly remove --dry-run --boot": {
    before: "touch /run/stale",
    prints: /\/run\/stale/,
    after: "[ -e /run/stale ]",
  },
  "mayfly remove legacy.conf": { before: "touch /run/legacy", after: "[ ! -e /run/legacy ]" },
  "mayfly purge --dry-run app.conf": { before: "mkdir -p /run/app", prints: /\/run\/app/ },
  "mayfly serve": SERVES,
  "mayfly serve --calendar '30 3 * * *'": SERVES,
  "mayfly serve --inline 'e /tmp - - - 1d' --every 1h -- node server.js": {
    before: "echo 'console.log(\"served\")' >server.js",
    prints: /^served$/m,
  },
  "mayfly serve --listen 9750": SERVES,
  "mayfly serve --once --user": {},
  "mayfly install --dry-run": { before: CRON, prints: /clean --quiet/, after: "[ ! -e /etc/cron.d/mayfly ]" },
  "mayfly install --take-over": { before: CRON, after: "[ -e /etc/cron.d/mayfly ]" },
  "mayfly install --refresh": {
    before: "mayfly install --init systemd && echo 'e /srv/more - - - 1d' >/etc/tmpfiles.d/more.conf",
    after: "grep -q /srv/more /etc/systemd/system/mayfly-clean.service",
  },
  "mayfly install --root /srv/image --init cron": {
    before: "mkdir -p /srv/image/etc",
    after: "[ -e /srv/image/etc/cron.daily/mayfly ]",
  },
  "mayfly install --root /srv/image --init systemd --serve": {
    before: "mkdir -p /srv/image/etc",
    after: "[ -e /srv/image/etc/systemd/system/mayfly-serve.service ]",
  },
  "mayfly install --root /srv/image --init s6 --service-directory /etc/s6/services": {
    before: "mkdir -p /srv/image/etc",
    after: "[ -x /srv/image/etc/s6/services/mayfly/run ]",
  },
  "mayfly uninstall --dry-run": { before: `${CRON}; mayfly install`, after: "[ -e /etc/cron.d/mayfly ]" },
  "mayfly uninstall": { before: `${CRON}; mayfly install`, after: "[ ! -e /etc/cron.d/mayfly ]" },
  "mayfly scratch run /srv/scratch --config purge.conf --queue nats://localhost:4222": {
    before: `${QUEUE}; ${scratchPart("worker")}`,
    prints: /^examined 2 entries, removed 1 /m,
    after: "[ ! -e /srv/scratch/old ]",
    needs: ["nats-server"],
  },
  "mayfly scratch worker /srv/scratch --config purge.conf --queue nats://localhost:4222": {
    before: `${QUEUE}; ${scratchPart("run")}`,
    prints: /^worked on 1 units, examined 2 entries, removed 1$/m,
    needs: ["nats-server"],
  },
  "mayfly scratch status --queue nats://localhost:4222": {
    before: `${QUEUE}; ${scratchPart("run")}
  until mayfly scratch status --queue nats://localhost:4222 2>/dev/null; do sleep 0.1; done`,
    prints: /^running$/m,
    needs: ["nats-server"],
  },
  "mayfly check": { prints: /./ },
  "mayfly check debian/app.tmpfiles": {
    before: "mkdir debian && echo 'd /run/app 0750 app app' >debian/app.tmpfiles",
  },
  "mayfly check --severity=error app.conf": {},
  "mayfly check --inline 'd /tmp/app 0777'": { prints: /0777/, status: 1 },
  "mayfly audit": { before: UNSAFE, prints: /src\/app\.sh.*TMP0/s, status: 1 },
  "mayfly audit --format=sarif src": { before: UNSAFE, prints: /"version": ?"2\.1\.0"/, status: 1 },
  "mayfly audit --fix debian": { before: UNSAFE, after: "grep -q mktemp debian/app.sh" },
  "mayfly audit --write-baseline=audit.json": { before: UNSAFE, after: "[ -s audit.json ]" },
  "mayfly audit --baseline=audit.json": { before: `${UNSAFE}; mayfly audit --write-baseline=audit.json` },
  "mayfly audit --units": { before: UNIT, prints: /app\.service.*UNIT002/s, status: 1 },
  "mayfly audit --host": { before: "mkdir -m 777 /var/tmp/open", prints: /HOST/, status: 1 },
  // No editor here, so it ends without a shutdown request: test/e2e/lsp.test.ts has a client.
  "mayfly lsp --stdio": { status: 1 },
  "mayfly tmpfiles --create --remove --boot --exclude-prefix=/dev": { after: "[ -d /run/nginx ]" },
  "mayfly tmpfiles --clean --dry-run": { prints: /Would remove "\/tmp\/old"/ },
  "ln -s /usr/bin/mayfly /usr/local/sbin/systemd-tmpfiles": {},
  "mayfly run -- make test": {
    before: "printf 'test:\\n\\ttouch /tmp/made; echo tested\\n' >Makefile",
    prints: /^tested$/m,
    after: "[ ! -e /tmp/made ]",
    needs: ["make"],
  },
  "mayfly run -o noexec --mode disconnected -o size=1G -- ./build": {
    before: "printf '#!/bin/sh\\nfindmnt -no OPTIONS /tmp\\n' >build; chmod +x build",
    prints: /noexec.*size=1048576k/,
    needs: ["findmnt"],
  },
  'mayfly run --expose "$SSH_AUTH_SOCK" -- git push': {
    before: `export SSH_AUTH_SOCK=/tmp/agent.sock; node -e 'require("net").createServer().listen("/tmp/agent.sock")' &
      until [ -S /tmp/agent.sock ]; do sleep 0.05; done
      git init -q --bare /srv/far.git && git clone -q /srv/far.git near 2>/dev/null && cd near
      git config user.name n && git config user.email e && git config push.default current && git commit -q --allow-empty -m one`,
    prints: /new branch/,
    needs: ["git"],
  },
  'ls "$(mayfly path web)"': { before: PRIVATE, prints: /^inside$/m },
  "mayfly enter web -- ls -la /tmp": { before: PRIVATE, prints: / inside$/m },
  'f=$(mayfly mktemp) && sort list > "$f"': {
    before: "printf 'b\\na\\n' >list",
    after: '[ "$(head -1 "$f")" = a ]',
  },
  'd=$(mayfly mktemp -d) && exec 9< "$d" && flock -s 9': { after: '[ -d "$d" ] && ! flock -n "$d" true' },
  'mayfly with-dir -- sh -c \'tar -xf old.tar -C "$MAYFLY_DIR" && make -C "$MAYFLY_DIR"\'': {
    before:
      "printf 'all:\\n\\techo made\\n' >Makefile && touch -d '1 year ago' Makefile && tar -cf old.tar Makefile",
    prints: /^made$/m,
    needs: ["make"],
  },
  "mayfly with-dir --large -- sort -T {} -o sorted.txt big.txt": {
    before: "seq 9 -1 1 >big.txt",
    after: '[ "$(head -1 sorted.txt)" = 1 ]',
  },
  "mayfly explain /var/tmp/build": { before: BUILD, prints: /^\/var\/tmp\/build kept/m },
  "mayfly explain --at +30d /tmp/session": { before: "touch /tmp/session", prints: /^\/tmp\/session/m },
  "mayfly explain --json /tmp/* | jq 'select(.verdict == \"remove\").path'": {
    prints: /^"\/tmp\/old"$/m,
    needs: ["jq"],
  },
  "mayfly forecast /var/tmp": { before: BUILD, prints: /build/ },
  "mayfly report /tmp /var/tmp > page.html": { before: "cd /srv", after: "grep -q Mayfly /srv/page.html" },
  "mayfly report --per-user /srv/reports /var/tmp": {
    before: BUILD,
    after: 'grep -q Mayfly /srv/reports/0.html && [ "$(stat -c %a /srv/reports/0.html)" = 400 ]',
  },
  // No terminal here: test/e2e/top.test.ts has one.
  "mayfly top /var/tmp": { status: 64, prints: /must be a terminal/ },
  "mayfly report --within 90d --json /var/tmp": { before: BUILD, prints: /^\{"type":"report"/m },
  "mayfly forecast --within 90d --json": { prints: /^\{"type":/m },
  "mayfly watch /var/tmp/build": { before: BUILD, meanwhile: CHURN, prints: /build\/new/, endless: true },
  "mayfly watch --deletions --json /srv | jq --unbuffered -r .actor.exe": {
    before: BUILD,
    meanwhile: CHURN,
    prints: /^\/.*\/rm$/m,
    endless: true,
    needs: ["jq"],
  },
  "mayfly watch --exec 'logger -t mayfly \"$MAYFLY_OP $MAYFLY_PATH\"' /etc/app": {
    before: "mkdir /etc/app",
    meanwhile: "touch /etc/app/new; rm /etc/app/new",
    prints: /\/etc\/app\/new/,
    endless: true,
    needs: ["logger"],
  },
};

const MAYFLY = resolve(import.meta.dirname, "../../../bin/mayfly.js");

/** Everything is read-only but for file systems of its own; 98: this host cannot do that. */
const PLACE = `
  mount -t tmpfs none /srv && mkdir -p /srv/etc /srv/etc-work /srv/bin /srv/work /srv/home/Downloads || exit 98
  mount -t overlay -o lowerdir=/etc,upperdir=/srv/etc,workdir=/srv/etc-work none /etc || exit 98
  for place in /tmp /var/tmp /run /mnt /var/lib /var/cache /usr/lib/tmpfiles.d /etc/tmpfiles.d /usr/local/sbin; do
    mkdir -p $place 2>/dev/null; mount -t tmpfs -o mode=755 none $place || exit 98
  done
  chmod 1777 /tmp /var/tmp
  mount -o remount,bind,ro / || exit 98
  ln -s "$MAYFLY" /srv/bin/mayfly && ln -s "$NODE" /srv/bin/node
  echo 'app:x:4242:4242::/:/bin/sh' >>/etc/passwd; echo 'app:x:4242:' >>/etc/group
  cd /usr/lib/tmpfiles.d
  printf 'q /tmp 1777 root root m:10d\\nq /var/tmp 1777 root root m:30d\\n' >tmp.conf
  printf 'd /run/nginx\\n' >nginx.conf; printf 'd$ /run/app\\nr! /run/stale\\n' >app.conf; printf 'r /run/legacy\\n' >legacy.conf
  cd /srv/work; touch -d '20 days ago' /tmp/old`;

const environment = {
  PATH: `/srv/bin:${process.env.PATH}:/usr/sbin:/sbin`,
  HOME: "/srv/home",
  MAYFLY,
  NODE: process.execPath,
  CACHE_DIRECTORY: "/srv/cache",
  MAYFLY_TEST_RUN: process.env.MAYFLY_TEST_RUN,
};

function script(example: string, { before = "", meanwhile, after = "true" }: Scene): string {
  const churn = meanwhile === undefined ? "" : `( while sleep 0.2; do ${meanwhile}; done ) >/dev/null 2>&1 &`;
  return `${PLACE}\n{ ${before || ":"}\n} || exit 97\n${churn}\n${example}\nstatus=$?\n{ ${after}\n} || exit 96\nexit $status\n`;
}

async function play(t: TestContext, example: string, scene: Scene): Promise<void> {
  const args = ["--mount", "--propagation", "private", "sh", "-c", script(example, scene)];
  const child = spawn("unshare", args, {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  // Also what it left in the background.
  const end = (): void => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // All have ended.
    }
  };
  t.after(end);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const exited = once(child, "exit");
  if (scene.endless)
    await until(`it prints: ${output}`, () => scene.prints?.test(output) || child.exitCode !== null);
  if (scene.endless) end();
  const [status] = (await exited) as [number | null];
  end();
  if (status === 98) return t.skip("needs tmpfs, overlayfs and read-only mounts");
  if (!scene.endless) assert.equal(status, scene.status ?? 0, output);
  if (scene.prints) assert.match(output, scene.prints);
}

const commands = await Promise.all(Object.values(COMMANDS).map(({ load }) => load()));
const examples = commands.flatMap((command) => (command.examples ?? []).map(([example]) => example));

test("each example has a scene, and each scene an example", () => {
  assert.deepEqual(Object.keys(SCENES).sort(), [...examples].sort());
});

for (const example of examples) {
  const scene = SCENES[example];
  if (scene === undefined) continue;
  const skip = needsRoot || needsPrograms("unshare", ...(scene.needs ?? []));
  test(example, { skip }, (t) => play(t, example, scene));
}

const migration = readFileSync(join(MAYFLY, "../../docs/migration.md"), "utf8");
const replacements = [...migration.matchAll(/\| `(mayfly clean .*?)`/g)].map(([, command = ""]) => command);

test("the page on migration has commands", () => assert.ok(replacements.length >= 8));

for (const command of replacements) {
  test(`docs/migration.md: ${command}`, { skip: needsRoot || needsPrograms("unshare") }, (t) => {
    // A directory is older than its entries can be; what is excluded or new stays.
    const before = "mkdir -p /srv/scratch/keep && touch /srv/scratch/new && DIR=/srv/scratch";
    const after = "[ -e /srv/scratch/new ]";
    return play(t, command.replace(" DIR", ' "$DIR"'), { before, after });
  });
}
