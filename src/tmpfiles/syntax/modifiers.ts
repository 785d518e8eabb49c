/** The modifiers of a line's type. */
export const MODIFIER_NAMES: Readonly<Record<string, keyof Modifiers>> = {
  "+": "force",
  "!": "boot",
  "-": "allowFailure",
  "=": "replaceWrongType",
  "~": "base64",
  "^": "credential",
  $: "purge",
  "?": "ifSourceExists",
};

export const NO_MODIFIERS: Modifiers = {
  force: false,
  boot: false,
  allowFailure: false,
  replaceWrongType: false,
  base64: false,
  credential: false,
  purge: false,
  ifSourceExists: false,
};

/** Each modifier of tmpfiles.d(5), Type Modifiers, by its name. */
export interface Modifiers {
  /** `+` */ readonly force: boolean;
  /** `!` */ readonly boot: boolean;
  /** `-` */ readonly allowFailure: boolean;
  /** `=` */ readonly replaceWrongType: boolean;
  /** `~` */ readonly base64: boolean;
  /** `^` */ readonly credential: boolean;
  /** `$` */ readonly purge: boolean;
  /** `?` */ readonly ifSourceExists: boolean;
}
