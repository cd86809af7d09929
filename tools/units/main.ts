// npm run check:units: the systemd units of deploy/ under a real systemd, which is the first process of a container (systemd-nspawn) with this machine's
// /usr, this checkout as /opt/platform-status, no network, and nothing else of this machine. tools/units/inside.ts is what runs there. Root with apt-get may
// install what is missing; without it, or where no container can be started, the exit code is 77, and a line says why.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import { messageOf } from '../support/checks.ts'
import { findOrInstall, findPostgres, findProgram, Lacking, leftOut } from '../support/packages.ts'
import { run } from '../support/run.ts'

const work = mkdtempSync(join(tmpdir(), 'platform-status-units-'))
const limitSeconds = 240

try {
  process.exitCode = await main()
} catch (error) {
  process.exitCode = error instanceof Lacking ? leftOut : 1
  console.log(error instanceof Lacking ? `skipped: units: ${error.message}` : `failed: units: ${messageOf(error)}`)
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function main (): Promise<number> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Lacking('a container with systemd needs root on Linux')
  if (!existsSync('/usr/bin/node')) throw new Lacking('the units start /usr/bin/node, which is not here')
  const { nspawn } = await findOrInstall({
    nspawn: { find: () => findProgram('systemd-nspawn'), package: 'systemd-container' },
    analyze: { find: () => findProgram('systemd-analyze'), package: 'systemd' },
    etcd: { find: () => findProgram('etcd'), package: 'etcd-server' },
    haproxy: { find: () => findProgram('haproxy'), package: 'haproxy' },
    pgbouncer: { find: () => findProgram('pgbouncer'), package: 'pgbouncer' },
    envsubst: { find: () => findProgram('envsubst'), package: 'gettext-base' },
    postgres: { find: findPostgres, package: 'postgresql' },
    python: { find: () => findProgram('python3'), package: 'python3-venv' }
  })
  const wheels = await download(join(projectRoot, 'deploy', 'patroni', 'requirements.txt'))
  const first = boot(nspawn, 'try', '/usr/bin/true', [])
  if (first.status !== 0) throw new Lacking(`systemd-nspawn cannot start a container here: ${first.errors}`)
  const program = '/opt/platform-status/dist/tools/units/inside.js'
  const { status, said, errors } = boot(nspawn, 'checks', `/usr/bin/node --enable-source-maps ${program}`, [`--bind-ro=${projectRoot}:/opt/platform-status`, `--bind-ro=${wheels}:/wheels`])
  console.log(said)
  if (status === null) throw new Error(`the container did not end within ${limitSeconds} s ${errors}`)
  return status
}

/** The packages of Patroni as files, because the container has no network. */
async function download (requirements: string): Promise<string> {
  const folder = join(work, 'wheels')
  try {
    await run('python3', ['-m', 'venv', join(work, 'pip')], { seconds: 60 })
    await run(join(work, 'pip', 'bin', 'pip'), ['wheel', '--quiet', '--disable-pip-version-check', '--wheel-dir', folder, '--requirement', requirements], { seconds: 240, quote: 5 })
  } catch (error) {
    throw new Lacking(`Patroni cannot be downloaded with pip: ${messageOf(error)}`)
  }
  return folder
}

/** Starts systemd, which runs one command as root and then ends with its exit code. */
function boot (nspawn: string, name: string, command: string, options: readonly string[]): { status: number | null, said: string, errors: string } {
  const units = join(work, `${name}-units`)
  mkdirSync(units)
  const output = join(work, name)
  mkdirSync(output)
  writeFileSync(join(units, 'check.service'), `[Unit]
Wants=basic.target
After=basic.target
[Service]
Type=oneshot
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
ExecStart=${command}
ExecStopPost=/bin/systemctl exit $EXIT_STATUS
StandardOutput=append:/out/said
StandardError=append:/out/said
TimeoutStartSec=infinity
`)
  const { status, signal, stderr, error } = spawnSync('timeout', ['--kill-after=10', String(limitSeconds), nspawn, '--quiet', '--directory=/', '--volatile=yes', '--private-network',
    '--register=no', '--keep-unit', '--timezone=off', '--console=pipe', `--machine=platform-status-${process.pid}`, `--bind=${output}:/out`, `--bind-ro=${units}/check.service:/etc/systemd/system/check.service`,
    ...options, '--boot', '--', 'systemd.unit=check.service'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const said = join(output, 'said')
  return {
    status: status === 124 || status === 137 ? null : status, said: existsSync(said) ? readFileSync(said, 'utf8').trimEnd() : '',
    errors: error?.message ?? signal ?? stderr.trim()
  }
}
