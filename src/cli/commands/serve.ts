import type { Command } from 'commander'
import type { CommandIo } from '../io.ts'

type ServeCommandOptions = { host?: string, port?: string, dataDir?: string }

export function serveCommand (program: Command, io: CommandIo): void {
  program.command('serve')
    .description('Run the service, like npm start; Ctrl-C stops it')
    .option('--host <address>', 'address to listen on (HOST)')
    .option('--port <number>', 'port to listen on (PORT)')
    .option('--data-dir <directory>', 'directory of the embedded database (DATA_DIR)')
    .addHelpText('after', '\nAll other settings are environment variables; see the README.')
    .action(async ({ host, port, dataDir }: ServeCommandOptions) => {
      const { runService } = await import('../../process/run.ts')
      const overrides = { HOST: host, PORT: port, DATA_DIR: dataDir }
      const env = { ...io.env, ...Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined)) }
      await runService(env, io.signal).catch((error: unknown) => {
        // The signal came before the service was ready.
        if (error !== io.signal.reason) throw error
      })
    })
}
