// Builds when dist is missing or older than what it is made of, so that `npm start` needs nothing before it.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'dist', '.built')

function newest (path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).filter((name) => name !== 'generated').map((name) => newest(join(path, name))))
}

const sources = ['src', 'prisma/schema.prisma', 'prisma.config.ts', 'tsconfig.json', 'tsconfig.build.json', 'package.json']
const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0

if (sources.some((source) => existsSync(join(root, source)) && newest(join(root, source)) > built)) {
  if (!existsSync(join(root, 'node_modules', 'typescript'))) {
    process.stderr.write('dist/ is missing or old, and the tools that build it are not installed: run `npm ci` first.\n')
    process.exit(1)
  }
  process.stderr.write('building ...\n')
  for (const [script, args] of [['node_modules/prisma/build/index.js', ['generate']], ['node_modules/typescript/bin/tsc', ['-p', 'tsconfig.build.json']]]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, encoding: 'utf8' })
    if (status !== 0) {
      process.stderr.write(stdout + stderr)
      process.exit(status ?? 1)
    }
  }
  writeFileSync(stamp, '')
}
