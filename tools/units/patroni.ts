// deploy/patroni on one machine, installed in the order of docs/guides/high-availability.md and started by systemd, with the units of Debian's packages.
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import type { Check } from '../support/checks.ts'
import { findPostgres } from '../support/packages.ts'
import { run } from '../support/run.ts'
import { must } from './labs.ts'
import { journal, property, systemctl, waitFor } from './systemctl.ts'

const deploy = join(projectRoot, 'deploy', 'patroni')
const own = '/root/node.env'
const rest = 'http://10.0.0.11:8008'
const password = (): string => randomBytes(12).toString('hex')
/** One machine instead of three: it has the addresses of all, and its etcd has no other members. */
const addresses = ['10.0.0.11/24', '10.0.0.12/24', '10.0.0.13/24']
const values: Record<string, string> = {
  ETCD_CLUSTER: 'node1=http://10.0.0.11:2380', ETCD_HOSTS: '\'"10.0.0.11:2379"\'', BIN_DIR: findPostgres() ?? '',
  SUPERUSER_PASSWORD: password(), REPLICATION_PASSWORD: password(), REWIND_PASSWORD: password(), SERVICE_PASSWORD: password()
}

export const checksOfPatroni: Record<string, Check> = {
  'Patroni installs, and finds nothing wrong with patroni.yml': async () => {
    await packagesOfDebian()
    for (const address of addresses) await run('ip', ['address', 'add', address, 'dev', 'lo'])
    await run('python3', ['-m', 'venv', '/opt/patroni'])
    await run('/opt/patroni/bin/pip', ['install', '--quiet', '--no-index', '--find-links', '/wheels', '--requirement', join(deploy, 'requirements.txt')])
    writeFileSync(own, readFileSync(join(deploy, 'node.env'), 'utf8').replaceAll(/^(\w+)=.*$/gm, (line, name: string) => values[name] === undefined ? line : `${name}=${values[name]}`))
    await fill('etcd.yml', '/etc/etcd.yml')
    writeFileSync('/etc/default/etcd', 'DAEMON_ARGS="--config-file /etc/etcd.yml"\n')
    await systemctl('start', 'etcd')
    await fill('patroni.yml', '/etc/patroni/patroni.yml', 'postgres')
    await run('runuser', ['-u', 'postgres', '--', '/opt/patroni/bin/patroni', '--validate-config', '/etc/patroni/patroni.yml'])
    return undefined
  },

  'systemd finds nothing wrong with patroni.service': async () => {
    cpSync(join(deploy, 'patroni.service'), '/etc/systemd/system/patroni.service')
    await systemctl('daemon-reload')
    const said = await run('systemd-analyze', ['verify', 'patroni.service'])
    must(said === '', said)
    return undefined
  },

  'a machine without a watchdog does not become the leader where one is required': async () => {
    await systemctl('start', 'patroni')
    await waitFor('that Patroni asks for a watchdog', 'patroni', 60, async () => /watchdog could not be activated|requires watchdog|Could not activate/i.test(await journal('patroni')))
    must(!await leads(), 'it leads without a watchdog')
    await systemctl('stop', 'patroni')
    return undefined
  },

  'with WATCHDOG=automatic it leads': async () => {
    writeFileSync(own, readFileSync(own, 'utf8').replace('WATCHDOG=required', 'WATCHDOG=automatic'))
    await fill('patroni.yml', '/etc/patroni/patroni.yml', 'postgres')
    await systemctl('start', 'patroni')
    await waitFor('that Patroni leads', 'patroni', 60, leads)
    return undefined
  },

  'a lab runs behind Debian\'s HAProxy and PgBouncer': async () => {
    await fill('database.sql', '/root/database.sql', 'root')
    await shell('PGPASSWORD=$SUPERUSER_PASSWORD psql --quiet --set ON_ERROR_STOP=1 -h 10.0.0.11 -U postgres -f /root/database.sql')
    await fill('haproxy.cfg', '/etc/haproxy/haproxy.cfg')
    await run('haproxy', ['-c', '-f', '/etc/haproxy/haproxy.cfg'])
    await systemctl('start', 'haproxy')
    await fill('pgbouncer.ini', '/etc/pgbouncer/pgbouncer.ini', 'postgres')
    await shell('echo "\\"platform_status\\" \\"$SERVICE_PASSWORD\\"" > /etc/pgbouncer/userlist.txt; chown postgres /etc/pgbouncer/userlist.txt')
    await systemctl('start', 'pgbouncer')
    for (const [lab, port, database] of [['proxied', 8003, 5000], ['pooled', 8004, 6432]] as const) {
      writeFileSync(`/etc/platform-status/${lab}.env`, `PORT=${port}\nDATABASE_URL=postgresql://platform_status:${values.SERVICE_PASSWORD}@127.0.0.1:${database}/platform_status\n`)
      writeFileSync(`/etc/platform-status/${lab}.key`, `${'k'.repeat(40)}\n`)
      await systemctl('start', `platform-status@${lab}`)
      await waitFor(`that the lab "${lab}" is ready`, `platform-status@${lab}`, 60, async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok)
    }
    return undefined
  },

  'Patroni that is killed comes back by itself, and its PostgreSQL goes on': async () => {
    const [patroni, postgres] = [await property('patroni', 'MainPID'), await postmaster()]
    await systemctl('kill', '--kill-whom=main', '--signal=KILL', 'patroni')
    await waitFor('that systemd starts Patroni again', 'patroni', 30, async () => !['0', patroni].includes(await property('patroni', 'MainPID')) && await leads())
    const now = await postmaster()
    must(now === postgres, 'PostgreSQL was started again')
    return undefined
  },

  'a stop of Patroni stops PostgreSQL, and the service says 503 and goes on': async () => {
    await systemctl('stop', 'patroni')
    const result = await property('patroni', 'Result')
    must(result === 'success', `the unit's result is ${result}`)
    const left = await run('/bin/sh', ['-c', 'pgrep -x postgres || true'])
    must(left === '', 'PostgreSQL runs without Patroni')
    const { status } = await fetch('http://127.0.0.1:8003/health/ready')
    must(status === 503, `/health/ready answers ${status}`)
    await systemctl('start', 'patroni')
    await waitFor('that the lab is ready again', 'platform-status@proxied', 60, async () => (await fetch('http://127.0.0.1:8003/health/ready')).ok)
    await systemctl('stop', 'platform-status@proxied', 'platform-status@pooled')
    return undefined
  }
}

/** The users and folders that come with Debian's packages; their programs and units are in /usr. */
async function packagesOfDebian (): Promise<void> {
  for (const user of ['postgres', 'etcd', 'haproxy']) await run('useradd', ['--system', '--user-group', '--home-dir', `/var/lib/${user}`, '--create-home', user])
  for (const folder of ['/etc/default', '/etc/patroni', '/etc/haproxy', '/etc/pgbouncer', '/var/lib/postgresql', '/run/postgresql', '/var/log/postgresql']) mkdirSync(folder, { recursive: true })
  await run('chown', ['postgres:postgres', '/var/lib/postgresql', '/run/postgresql', '/var/log/postgresql'])
}

/** Fills a file of deploy/patroni as the guide does. Only its owner may read one that has passwords; the others are read by the users of their programs. */
async function fill (file: string, target: string, owner?: string): Promise<void> {
  const made = `envsubst < ${join(deploy, file)} > ${target}`
  await shell(owner === undefined ? made : `umask 077; ${made}; chown ${owner} ${target}`)
}

async function shell (command: string): Promise<void> {
  await run('/bin/bash', ['-ec', `set -a; . ${own}; set +a; ${command}`])
}

async function leads (): Promise<boolean> {
  return await fetch(`${rest}/primary`).then(({ ok }) => ok, () => false)
}

async function postmaster (): Promise<string> {
  return (await run('head', ['-n', '1', '/var/lib/postgresql/platform-status/postmaster.pid'])).trim()
}
