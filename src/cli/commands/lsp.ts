/** mayfly lsp: a language server for editors. */
import { requireNoOperands } from "../command-line.js";
import { serveEditor } from "../lsp/server.js";
import { defineCommand } from "../options.js";

export const lsp = defineCommand({
  name: "lsp",
  synopsis: "",
  description: `Serves editors over the Language Server Protocol on standard input and output: problems of tmpfiles.d files as mayfly-check(1)
reports them, and of sources, container files and Kubernetes manifests as mayfly-audit(1) does; explanations on hover; and quick
fixes. The editor starts it, and ends it by closing the connection.`,
  operands: "none",
  options: [{ name: "stdio", help: "Use standard input and output, as always; editors pass this option" }],
  examples: [["mayfly lsp --stdio", "What the configuration of an editor contains"]],
  sections: [],
  main({ operands }) {
    requireNoOperands(operands);
    return serveEditor();
  },
});
