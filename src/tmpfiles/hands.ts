/**
 * Who acts: the real hands change the disk and report what they did; those of a dry run only report it. Nothing else
 * in the engine knows which of the two it has.
 */
export interface Hands {
  readonly acts: boolean;
}
