import type { Command } from 'commander'

/** The options of a command that uses a running service. */
export type ServiceOptions = { url?: string, json?: boolean }

/** Adds these options to a command. */
export function withServiceOptions (command: Command): Command {
  return withUrlOption(command).option('--json', 'print JSON')
}

/** Adds only the option for the address. */
export function withUrlOption (command: Command): Command {
  return command.option('--url <address>', 'address of the service (default: PLATFORM_STATUS_URL, or http://127.0.0.1 with PORT, else 8000)')
}
