import type { Command } from 'commander'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { takeBackup } from '../../backup/take.ts'
import type { LookupItem } from '../../contract/labels.ts'
import { localZone, timesIn } from '../../terminal/local-time.ts'
import { withConnectionErrors } from '../database.ts'
import { checkService } from '../doctor-checks.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { askLabs } from '../fleet/each-lab.ts'
import { readLabs } from '../fleet/labs-file.ts'
import { mergedMetrics } from '../fleet/merged-metrics.ts'
import { formatBytes, type CommandIo, printResult, tableOr } from '../io.ts'
import type { Outcome } from '../outcome.ts'

type FoundInLab = { barcode: string, lab: string | null, found: LookupItem['found'], container: LookupItem['containers'][number] | null }
type FleetOptions = { labs: string, json?: boolean }

const help = `
The file of labs has a list: labs: [{ name, url, key_file, database_url_file }]. Only name and url must be given. A key_file has the key of the lab,
a database_url_file the URL of its database, which only backup needs. Paths begin at the folder of the file.
`

/** Many labs, each with a service of its own. */
export function fleetCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  const fleet = program.command('fleet').description('Ask many labs at once; what one lab does not answer is told, and the others are shown').addHelpText('after', help)
  const of = (command: Command): Command => command.requiredOption('--labs <file>', 'YAML file with the labs')

  of(fleet.command('doctor')).option('--json', 'print JSON')
    .description('Check the service and the tracked state of each lab; exit code 1 if there is a problem')
    .action(async (options: FleetOptions) => {
      // The file has the keys. A lab that refuses one would otherwise never be looked at, and nobody would be told.
      const answers = await askLabs(await readLabs(options.labs), io, outcome, async (_lab, client) => await checkService(client, 'error'))
      const findings = answers.flatMap(({ lab, answer }) => (answer ?? []).map((finding) => ({ lab, ...finding })))
      if (findings.some(({ status }) => status === 'error')) outcome.exitCode = Math.max(outcome.exitCode, exitCodes.finding)
      printResult(io, options, { healthy: outcome.exitCode === exitCodes.ok, findings }, () =>
        tableOr('', ['lab', 'check', 'status', 'result'], findings.map(({ lab, check, status, says }) => [lab, check, status, says.replaceAll(/\s*\n\s*/g, ' ')])))
    })

  of(fleet.command('where').argument('<barcode...>', 'barcodes or ids of containers')).option('--json', 'print JSON')
    .description('Show which lab has containers, and where; exit code 1 if one is in no lab, or missing')
    .action(async (barcodes: string[], options: FleetOptions) => {
      if (barcodes.length > 1000) throw usageError('Ask for 1,000 barcodes at most.')
      const answers = await askLabs(await readLabs(options.labs), io, outcome, async (_lab, { request }) =>
        (await request<{ items: LookupItem[] }>('POST', '/api/containers/lookup', { barcodes })).items)
      const found = barcodes.flatMap((barcode, index): FoundInLab[] => {
        const known = answers.flatMap(({ lab, answer }) => {
          const { found, containers } = answer?.[index] ?? { found: 'unknown', containers: [] }
          return containers.map((container) => ({ barcode, lab, found, container }))
        })
        const present = known.filter((one) => one.found === 'present')
        // Others are told only if no lab has it: a plate that went to another lab was removed from the first.
        return present.length > 0 ? present : known.length > 0 ? known : [{ barcode, lab: null, found: 'unknown', container: null }]
      })
      if (found.some((one) => one.found !== 'present')) outcome.exitCode = Math.max(outcome.exitCode, exitCodes.finding)
      const times = timesIn(localZone(io.env))
      printResult(io, options, found, () => tableOr('', ['container', 'lab', 'found', 'device', 'slot', times.head('since')],
        found.map(({ barcode, lab, found, container }) =>
          [barcode, lab, found, container?.device, container?.position, container === null ? null : times.cell(container.updated_at)])))
    })

  of(fleet.command('backup').argument('<folder>', 'folder for the files, one for each lab')).option('--json', 'print JSON')
    .description('Write the whole database of each lab to one file, named after the lab and the time')
    .addHelpText('after', '\nThe files contain certificates and hashes of API keys: keep them private.')
    .action(async (folder: string, options: FleetOptions) => {
      const labs = await readLabs(options.labs)
      const without = labs.find(({ database_url }) => database_url === null)
      if (without !== undefined) throw usageError(`The lab "${without.name}" has no database_url_file in ${options.labs}: name a file with the URL of its database.`)
      mkdirSync(folder, { recursive: true })
      const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
      const answers = await askLabs(labs, io, outcome, async ({ name, database_url }) => {
        const file = join(folder, `${name}-${time}Z.backup.gz`)
        const { header } = await withConnectionErrors(database_url!, async (url) => await takeBackup({ url, file, overwrite: false, signal: io.signal }))
        return { file, bytes: statSync(file).size, revision: header.revision }
      })
      const written = answers.flatMap(({ lab, answer }) => answer === null ? [] : [{ lab, ...answer }])
      printResult(io, options, written, () => tableOr('No backup was written.', ['lab', 'revision', 'size', 'file'], written.map(({ lab, revision, bytes, file }) => [lab, revision, formatBytes(bytes), file])))
    })

  of(fleet.command('metrics'))
    .description('Print the metrics of all labs as one text for Prometheus, each with the label `lab`')
    .action(async (options: FleetOptions) => {
      const answers = await askLabs(await readLabs(options.labs), io, outcome, async (_lab, { text }) => await text('/metrics'))
      io.out.write(mergedMetrics(answers.flatMap(({ lab, answer }) => answer === null ? [] : [{ lab, text: answer }])))
    })
}
