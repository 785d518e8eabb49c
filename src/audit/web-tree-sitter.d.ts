/** The package declares its types as an ambient module; these are the same under the name of its bundle. */
/// <reference types="web-tree-sitter" />
declare module "#web-tree-sitter" {
  export * from "web-tree-sitter";
}
