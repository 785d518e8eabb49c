/** The language server: the Language Server Protocol 3.17 over standard input and output. */
import { fileURLToPath } from "node:url";
import type * as Lsp from "vscode-languageserver/node.js";
import { bytes, escapeForDisplay } from "../../base/bytes.js";
import { diagnose, type LspProblem } from "./diagnose.js";
import { quickFixes } from "./quick-fixes.js";

interface OpenDocument {
  readonly path: string;
  readonly text: string;
  readonly version: number;
  problems: readonly LspProblem[];
}

const SEVERITIES = { error: 1, warning: 2, note: 3 } as const;
const FULL_TEXT = 1;

/** Runs until the client closes the connection: the library then ends the process. */
export async function serveEditor(): Promise<never> {
  const loaded = await import("#vscode-languageserver");
  const library = "default" in loaded ? (loaded.default as typeof loaded) : loaded;
  const connection = library.createConnection(process.stdin, process.stdout);
  new EditorSession(connection).listen();
  return await new Promise<never>(() => {});
}

class EditorSession {
  readonly #connection: Lsp.Connection;
  readonly #documents = new Map<string, OpenDocument>();

  constructor(connection: Lsp.Connection) {
    this.#connection = connection;
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize(() => ({
      capabilities: {
        textDocumentSync: { openClose: true, change: FULL_TEXT },
        hoverProvider: true,
        codeActionProvider: { codeActionKinds: ["quickfix"] },
      },
      serverInfo: { name: "mayfly" },
    }));
    connection.onDidOpenTextDocument(({ textDocument: { uri, text, version } }) =>
      this.#update(uri, text, version),
    );
    connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) =>
      this.#update(uri, contentChanges.at(-1)?.text ?? "", version),
    );
    connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
      this.#documents.delete(uri);
      return connection.sendDiagnostics({ uri, diagnostics: [] });
    });
    connection.onHover(({ textDocument, position }) => this.#hover(textDocument.uri, position.line));
    connection.onCodeAction(({ textDocument, range }) => this.#actions(textDocument.uri, range));
    connection.listen();
  }

  async #update(uri: string, text: string, version: number): Promise<void> {
    if (!uri.startsWith("file:")) return;
    const document: OpenDocument = { path: fileURLToPath(uri), text, version, problems: [] };
    this.#documents.set(uri, document);
    try {
      document.problems = await diagnose(document.path, text);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#connection.console.error(`${escapeForDisplay(bytes(document.path))}: ${message}`);
    }
    // The text may have changed meanwhile.
    if (this.#documents.get(uri) !== document) return;
    const diagnostics = document.problems.map(diagnosticOf);
    await this.#connection.sendDiagnostics({ uri, version, diagnostics });
  }

  #hover(uri: string, line: number): Lsp.Hover | null {
    const found = (this.#documents.get(uri)?.problems ?? []).filter((each) => each.line === line);
    if (found.length === 0) return null;
    return {
      contents: { kind: "markdown", value: found.map(({ explanation }) => explanation).join("\n\n---\n\n") },
    };
  }

  #actions(uri: string, { start, end }: Lsp.Range): Lsp.CodeAction[] {
    const document = this.#documents.get(uri);
    if (document === undefined) return [];
    const problems = document.problems.filter(({ line }) => line >= start.line && line <= end.line);
    return problems.flatMap((problem) =>
      quickFixes(problem, document.text, document.path).map(({ title, text, preferred, ...place }) => ({
        title,
        kind: "quickfix",
        isPreferred: preferred,
        diagnostics: [diagnosticOf(problem)],
        edit: { changes: { [uri]: [{ range: rangeOf(place), newText: text }] } },
      })),
    );
  }
}

function rangeOf({ line, from, to }: Pick<LspProblem, "line" | "from" | "to">): Lsp.Range {
  return { start: { line, character: from }, end: { line, character: to } };
}

function diagnosticOf(problem: LspProblem): Lsp.Diagnostic {
  const { severity, code, message } = problem;
  return { range: rangeOf(problem), severity: SEVERITIES[severity], source: "mayfly", code, message };
}
