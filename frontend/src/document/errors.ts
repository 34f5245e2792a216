/** Why a command cannot be applied, for people. */
export class CommandError extends Error {}
