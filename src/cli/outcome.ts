/** The exit code of a command that throws nothing. A command sets it if it finds a problem. */
export type Outcome = { exitCode: number }
