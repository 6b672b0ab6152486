/** Something the reader must do first, told in one sentence. It is printed without a stack trace. */
export class CannotGoOn extends Error {}
