export { SyscallError, UnsafePathError } from "./base/errors.js";
