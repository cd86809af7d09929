import type { Command } from 'commander'

/** The options of a command that asks a running service. */
export type ServiceOptions = { url?: string, json?: boolean }

/** Gives a command those options. */
export function withServiceOptions (command: Command): Command {
  return withUrlOption(command).option('--json', 'answer in JSON')
}

/** Gives a command the option for the address alone. */
export function withUrlOption (command: Command): Command {
  return command.option('--url <address>', 'the address of the service (PLATFORM_STATUS_URL, or http://127.0.0.1:8000)')
}
