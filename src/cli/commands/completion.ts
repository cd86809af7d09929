import { Argument, type Command } from 'commander'
import { safeText } from '../../terminal/safe-text.ts'
import { addressOf, serviceClient } from '../client.ts'
import type { CommandIo } from '../io.ts'

/** How long the shell waits for names. */
const timeoutMs = 3000

const mostNames = 500
const lists = { containers: '/api/containers', devices: '/api/devices' } as const

export function completionCommand (program: Command, io: CommandIo): void {
  program.command('completion').addArgument(new Argument('<shell>', 'the shell').choices(['bash']))
    .description('Print the script that lets a shell complete commands, options, barcodes and devices')
    .addHelpText('after', '\nIn ~/.bashrc:  source <(platform-status completion bash)')
    .action(() => { io.out.write(bash(program)) })
  // Called by the completion script. Prints nothing if the service cannot be reached.
  program.command('names', { hidden: true }).addArgument(new Argument('<kind>').choices(Object.keys(lists)))
    .action(async (kind: keyof typeof lists) => {
      const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeoutMs)])
      const client = serviceClient({ env: io.env, signal }, addressOf(io.env))
      const items = await client.first<{ barcode?: string | null, name: string }>(lists[kind], {}, mostNames).catch(() => [])
      const names = items.map(({ barcode, name }) => barcode ?? name)
      // Names with characters that a terminal would obey are not offered.
      for (const name of names) if (safeText(name) === name) io.out.write(`${name}\n`)
    })
}

function bash (program: Command): string {
  const commands = program.commands.filter((command) => command.name() !== 'names')
  const cases = commands.map((command) => `    ${command.name()}) words="${wordsOf(command)}" ;;`)
  // Names are data from the lab. They are compared as text, because compgen -W would expand them as shell code.
  return `_platform_status_names () {
  local name
  while IFS= read -r name; do
    if [[ $name == "$2"* ]]; then COMPREPLY+=("$(printf '%q' "$name")"); fi
  done < <(platform-status names "$1" 2>/dev/null)
}
_platform_status () {
  local current=\${COMP_WORDS[COMP_CWORD]} words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map((command) => command.name()).join(' ')}"; else case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac; fi
  if [ "$COMP_CWORD" -gt 1 ] && [[ $current != -* ]]; then case \${COMP_WORDS[1]} in
    where|history|missing) _platform_status_names containers "$current"; return ;;
    estimate) _platform_status_names devices "$current"; return ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _platform_status platform-status
`
}

function wordsOf (command: Command): string {
  const options = (one: Command) => one.options.map(({ long }) => long ?? '')
  const below = command.commands.flatMap((one) => [one.name(), ...options(one)])
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  return [...new Set([...below, ...choices, ...options(command)])].join(' ')
}
