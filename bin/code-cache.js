/**
 * V8's code cache for the program, kept for the Node that runs it: compiled code halves the time from the start to the
 * first line of ours. Node 20, 22, 24 and 26 each reject the others' caches, so the package ships none; the first run writes
 * one, and each command adds its own functions once.
 *
 * V8 runs what a cache contains without checking it against the source. A cache is therefore read only from a directory
 * that nobody but its owner and root can change, and ignored in every doubtful case.
 */
"use strict";
const fs = require("node:fs");
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** A cache file begins with the commands whose functions it has, padded with spaces to this length. */
const HEADER = 256;
const LARGEST = 64 << 20;
/** Caches of other builds, Node versions and flags that are left beside a new one. */
const OTHERS_KEPT = 4;
const HOUR_MS = 3_600_000;
const SHARED_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * The directory of the caches: the one that the service manager provides (CacheDirectory=, systemd.exec(5)), the system's
 * for root, and the user's own for everybody else; undefined if there is none.
 */
function cacheDirectory({ CACHE_DIRECTORY, XDG_CACHE_HOME, HOME } = process.env, euid = process.geteuid()) {
  if (CACHE_DIRECTORY?.startsWith("/")) return CACHE_DIRECTORY.split(":")[0];
  if (euid === 0) return "/var/cache/mayfly";
  if (XDG_CACHE_HOME?.startsWith("/")) return `${XDG_CACHE_HOME}/mayfly`;
  return HOME?.startsWith("/") ? `${HOME}/.cache/mayfly` : undefined;
}

/** One file for each face, build and Node, and for each set of flags, since V8 rejects a cache made under other flags. */
function cacheName(face, build) {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
  return `${face}-${build}-${process.version}-${process.arch}-${hash(flags)}.v8`;
}

function hash(text) {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value >>> 0).toString(16);
}

/** Reads a cache: V8's data, and the commands whose functions it has. undefined if there is none that can be trusted. */
function readCache(face, build, directory = cacheDirectory()) {
  if (directory === undefined) return undefined;
  let fd;
  try {
    const real = fs.realpathSync.native(directory);
    if (!isOwnDirectory(real)) return undefined;
    fd = fs.openSync(`${real}/${cacheName(face, build)}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fs.fstatSync(fd);
    if (!isOwnFile(stat)) return undefined;
    const content = Buffer.allocUnsafeSlow(stat.size);
    if (fs.readSync(fd, content) !== stat.size) return undefined;
    return { data: content.subarray(HEADER), commands: commandsIn(content) };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function isOwnFile(stat) {
  const own = stat.isFile() && stat.uid === process.geteuid() && stat.nlink === 1;
  return own && (stat.mode & SHARED_WRITE) === 0 && stat.size > HEADER && stat.size <= LARGEST;
}

/**
 * Whether the directory is the caller's, and nobody but the caller and root can change it or what leads to it. `real` is
 * without symlinks.
 */
function isOwnDirectory(real) {
  const euid = process.geteuid();
  for (let at = real; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const stat = fs.lstatSync(at);
    if (!stat.isDirectory()) return false;
    const isShared = (stat.mode & SHARED_WRITE) !== 0;
    if (at === real ? isShared || stat.uid !== euid : isShared && (stat.mode & STICKY) === 0) return false;
    if (stat.uid !== 0 && stat.uid !== euid) return false;
  }
  return true;
}

function commandsIn(content) {
  return content.toString("latin1", 0, HEADER).trim().split(" ");
}

/**
 * Writes a cache that has the functions of these commands: under another name first, so that it appears whole, even if the
 * machine stops. A cache that cannot be written only makes the next start slower.
 */
function writeCache(face, build, commands, data, directory = cacheDirectory()) {
  const header = commands.join(" ");
  if (directory === undefined || header.length > HEADER) return;
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const real = fs.realpathSync.native(directory);
    if (!isOwnDirectory(real)) return;
    const name = cacheName(face, build);
    const temporary = `${real}/.${name}.${process.pid}.${process.hrtime.bigint()}`;
    try {
      const fd = fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        fs.writeSync(fd, header.padEnd(HEADER));
        for (let at = 0; at < data.length; ) at += fs.writeSync(fd, data, at);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(temporary, `${real}/${name}`);
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    }
    removeStale(real, face, name);
  } catch {
    // A read-only or full file system, or a directory of somebody else's: the next start compiles again.
  }
}

/** Removes the oldest caches of other builds and Node versions, and what writers that were killed left behind. */
function removeStale(directory, face, current) {
  const found = fs.readdirSync(directory).filter((name) => /^\.?(mayfly|tmpfiles)-.*\.v8/.test(name));
  const aged = found.map((name) => ({ name, time: fs.lstatSync(`${directory}/${name}`).mtimeMs }));
  const others = aged
    .filter(({ name }) => name.startsWith(`${face}-`) && name !== current)
    .sort((a, b) => b.time - a.time)
    .slice(OTHERS_KEPT);
  const abandoned = aged.filter(({ name, time }) => name.startsWith(".") && time < Date.now() - HOUR_MS);
  for (const { name } of [...others, ...abandoned]) fs.rmSync(`${directory}/${name}`, { force: true });
}

module.exports = { cacheDirectory, readCache, writeCache };
