/**
 * The words of a command, for a process that a test starts. tap adds a loader to the NODE_OPTIONS of every process below it. The loader notes
 * each file that is loaded, which doubles the time of a start, and no test needs it. `env` removes it and then becomes the command, with the
 * same pid.
 */
export function plain (program: string, ...args: readonly string[]): [string, ...string[]] {
  return ['env', '-u', 'NODE_OPTIONS', program, ...args]
}
