/** Parses image policies, systemd.image-policy(7). */
import type { Designator, Partition } from "./gpt.js";

/** An invalid image policy, worded as in systemd-tmpfiles 262. */
class PolicyError extends Error {
  override readonly name = "PolicyError";
}

/** What a policy allows for an unprotected partition, the only kind that can be mounted here. */
interface Ruling {
  /** The partition may be used unprotected. */
  readonly use: boolean;
  /** The partition may exist without being used. */
  readonly pass: boolean;
  /** The partition may be missing. */
  readonly absent: boolean;
}

export type ImagePolicy = (designator: Designator) => Ruling;

const DESIGNATORS = new Set([
  ...["root", "usr", "home", "srv", "esp", "xbootldr", "swap", "tmp", "var"],
  ...["root-verity", "root-verity-sig", "usr-verity", "usr-verity-sig"],
]);
const USES = ["unprotected", "verity", "signed", "encrypted", "encryptedwithintegrity", "unused", "absent"];
const FLAGS = new Set([
  ...USES,
  ...["open", "ignore", "read-only-on", "read-only-off", "growfs-on", "growfs-off"],
]);

/** Parses `root=verity+signed:home=unprotected:=ignore`, or one of `*`, `-` and `~` (systemd.image-policy(7)). */
export function parseImagePolicy(text: string): ImagePolicy {
  if (text === "" || text === "*") return () => ({ use: true, pass: true, absent: true });
  if (text === "-") return () => ({ use: false, pass: true, absent: true });
  if (text === "~") return () => ({ use: false, pass: false, absent: true });
  const rulings = new Map<string, Ruling>();
  for (const rule of text.split(":").filter((each) => each !== "")) {
    const equals = rule.indexOf("=");
    if (equals < 0) throw new PolicyError(`Failed to parse image policy: ${text}`);
    const designator = rule.slice(0, equals).trim();
    if (designator !== "" && !DESIGNATORS.has(designator)) {
      throw new PolicyError(`Unknown partition type in image policy: ${text}`);
    }
    if (rulings.has(designator)) throw new PolicyError(`Duplicate rule in image policy: ${text}`);
    rulings.set(designator, rulingOf(rule.slice(equals + 1), text));
  }
  const otherwise = rulings.get("") ?? { use: false, pass: true, absent: true };
  return (designator) => rulings.get(designator) ?? otherwise;
}

/** Why a policy is invalid; undefined if it is valid. */
export function policyProblem(text: string): string | undefined {
  try {
    parseImagePolicy(text);
    return undefined;
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
}

function rulingOf(written: string, text: string): Ruling {
  const flags = written
    .split("+")
    .map((flag) => flag.trim())
    .filter((flag) => flag !== "");
  if (flags.some((flag) => !FLAGS.has(flag))) {
    throw new PolicyError(`Unknown partition policy flag in image policy: ${text}`);
  }
  const has = (flag: string): boolean => flags.includes(flag);
  // If a rule does not restrict the use, any use is allowed.
  const anything = has("open") || !flags.some((flag) => USES.includes(flag) || flag === "ignore");
  return {
    use: anything || has("unprotected"),
    pass: anything || has("ignore") || has("unused"),
    absent: anything || has("ignore") || has("absent"),
  };
}

/** The partitions that the policy allows to use; undefined if the image does not match the policy. */
export function permitted(
  partitions: readonly Partition[],
  policy: ImagePolicy,
  designators: readonly Designator[],
): Partition[] | undefined {
  const kept: Partition[] = [];
  for (const designator of designators) {
    const partition = partitions.find((each) => each.designator === designator);
    const ruling = policy(designator);
    if (partition === undefined) {
      if (!ruling.absent) return undefined;
    } else if (ruling.use) {
      kept.push(partition);
    } else if (!ruling.pass) {
      return undefined;
    }
  }
  return kept;
}
