/** A session of an editor with mayfly lsp, by the client of vscode-languageserver. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";
import type * as Protocol from "vscode-languageserver-protocol/node.js";
import { MAYFLY, start } from "./program.js";

const require = createRequire(import.meta.url);
const { createProtocolConnection, StreamMessageReader, StreamMessageWriter } =
  require("vscode-languageserver-protocol/node.js") as typeof Protocol;

const SCRIPT = "#!/bin/sh\nLOG=/tmp/app.$$\necho 'ä' >$LOG\n";
const MOST_MILLISECONDS = 60_000;

/** An editor that has one server. */
class Editor {
  readonly #process = spawn(process.execPath, [MAYFLY, "lsp", "--stdio"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  readonly connection = createProtocolConnection(
    new StreamMessageReader(this.#process.stdout),
    new StreamMessageWriter(this.#process.stdin),
  );
  readonly #published = new Map<string, Protocol.PublishDiagnosticsParams>();
  #notify: () => void = () => {};

  constructor() {
    this.connection.onNotification(
      "textDocument/publishDiagnostics",
      (params: Protocol.PublishDiagnosticsParams) => {
        this.#published.set(`${params.uri} ${params.version}`, params);
        this.#notify();
      },
    );
    this.connection.listen();
  }

  async diagnostics(uri: string, version: number): Promise<Protocol.Diagnostic[]> {
    const deadline = AbortSignal.timeout(MOST_MILLISECONDS);
    for (;;) {
      const found = this.#published.get(`${uri} ${version}`);
      if (found !== undefined) return found.diagnostics;
      deadline.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  open(uri: string, text: string): Promise<void> {
    const textDocument = { uri, languageId: "x", version: 1, text };
    return this.connection.sendNotification("textDocument/didOpen", { textDocument });
  }

  async exit(): Promise<unknown> {
    await this.connection.sendRequest("shutdown");
    const ended = once(this.#process, "exit");
    await this.connection.sendNotification("exit");
    const [status] = await ended;
    this.connection.dispose();
    return status;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}

function applied(text: string, edits: readonly Protocol.TextEdit[]): string {
  const lines = text.split("\n");
  for (const { range, newText } of edits) {
    assert.equal(range.start.line, range.end.line);
    const line = lines[range.start.line] ?? "";
    lines[range.start.line] =
      line.slice(0, range.start.character) + newText + line.slice(range.end.character);
  }
  return lines.join("\n");
}

test("diagnostics, hover and a code action that removes the finding", async () => {
  const editor = new Editor();
  try {
    const { connection } = editor;
    const capabilities = (await connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
    })) as Protocol.InitializeResult;
    assert.equal(capabilities.capabilities.hoverProvider, true);
    await connection.sendNotification("initialized", {});

    const uri = "file:///example/a%20b.sh";
    await editor.open(uri, SCRIPT);
    const [problem] = await editor.diagnostics(uri, 1);
    assert.equal(problem?.code, "TMP001");
    assert.equal(problem?.range.start.line, 2);

    const position = problem?.range.start;
    const hover = (await connection.sendRequest("textDocument/hover", {
      textDocument: { uri },
      position,
    })) as {
      contents: { value: string };
    };
    assert.match(hover.contents.value, /symbolic link[\s\S]*mkstemp/);

    const actions = (await connection.sendRequest("textDocument/codeAction", {
      textDocument: { uri },
      range: problem?.range,
      context: { diagnostics: [problem] },
    })) as Protocol.CodeAction[];
    assert.deepEqual(
      actions.map(({ title }) => title),
      ["Create the file with mktemp", "Suppress TMP001 here"],
    );
    for (const [index, action] of actions.entries()) {
      const text = applied(SCRIPT, action.edit?.changes?.[uri] ?? []);
      const version = index + 2;
      const change = { textDocument: { uri, version }, contentChanges: [{ text }] };
      await connection.sendNotification("textDocument/didChange", change);
      assert.deepEqual(await editor.diagnostics(uri, version), [], text);
    }

    const conf = "file:///etc/tmpfiles.d/app.conf";
    await editor.open(conf, "# ü\nd /run/app 0755 root root 1x\n");
    const [invalid] = await editor.diagnostics(conf, 1);
    assert.equal(invalid?.range.start.line, 1);
    assert.equal(invalid?.severity, 1);
    assert.equal(await editor.exit(), 0);
  } finally {
    editor.kill();
  }
});

test("an operand is an error, not an editor that waits", () => {
  const { status, stderr } = start(process.execPath, [MAYFLY, "lsp", "file"]);
  assert.equal(status, 64);
  assert.match(stderr, /file/);
});
