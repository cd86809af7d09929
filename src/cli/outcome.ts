/** The exit code with which a command ends when nothing is thrown. A command sets it when it found something. */
export type Outcome = { exitCode: number }
