import type { Command } from 'commander'
import type { CommandIo } from '../io.ts'
import { pauseCommands } from './pauses.ts'

export function experimentsCommand (program: Command, io: CommandIo): void {
  pauseCommands(program.command('experiments').description('Pause and resume experiments'), io, 'experiment')
}
