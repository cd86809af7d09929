import type { Command } from 'commander'
import type { CommandIo } from '../io.ts'

type ServeCommandOptions = { host?: string, port?: string, dataDir?: string }

export function serveCommand (program: Command, io: CommandIo): void {
  program.command('serve')
    .description('Run the service, as npm start does; Ctrl-C stops it')
    .option('--host <address>', 'address to listen on (HOST)')
    .option('--port <number>', 'port to listen on (PORT)')
    .option('--data-dir <directory>', 'where the embedded database keeps its files (DATA_DIR)')
    .addHelpText('after', '\nThe other settings are environment variables; the README lists them.')
    .action(async ({ host, port, dataDir }: ServeCommandOptions) => {
      const { runService } = await import('../../process/run.ts')
      const asked = { HOST: host, PORT: port, DATA_DIR: dataDir }
      const env = { ...io.env, ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) }
      await runService(env, io.signal).catch((error: unknown) => {
        // told to stop before it was ready
        if (error !== io.signal.reason) throw error
      })
    })
}
