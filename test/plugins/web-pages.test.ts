import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { gzipSync } from 'node:zlib'
import { pagePaths } from '../../src/plugins/web-pages.ts'
import { projectRoot } from '../../src/project-root.ts'
import { aService, type Service } from '../support/service.ts'

type Chunk = { file: string, isEntry?: boolean, imports?: string[], css?: string[] }

const built = join(projectRoot, 'dist', 'web')
const manifest = JSON.parse(readFileSync(join(built, '.vite', 'manifest.json'), 'utf8')) as Record<string, Chunk>
const entry = Object.values(manifest).find(({ isEntry }) => isEntry === true)!

/** A path with names for its parameters. */
const exampleOf = (path: string): string => path.replaceAll(/:\w+/g, 'Hotel%201')

async function aServiceWithKey (t: Parameters<typeof aService>[0]): Promise<Service> {
  const service = await aService(t)
  await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  return service
}

t.test('every page has its address, without a key, and any other path is not found', async (t) => {
  const service = await aServiceWithKey(t)
  for (const path of pagePaths) {
    const { status, headers, text } = await service.get(exampleOf(path))
    t.match({ status, headers }, { status: 200, headers: { 'content-type': /^text\/html; charset=utf-8/i, 'cache-control': 'no-cache', etag: String } }, path)
    t.match(text, `src="/${entry.file}"`, path)
    t.equal((await service.get(exampleOf(path), { 'if-none-match': String(headers.etag) })).status, 304, `${path} again`)
  }
  for (const path of ['/nowhere', '/labware/a/b', '/lab', '/assets/', '/assets/none.js', '/index.html', '/.vite/manifest.json', '/src/lab/world.js']) {
    t.match(await service.get(path), { status: 404, body: { code: 'route-not-found' } }, path)
  }
  t.match(await service.post('/', {}), { status: 405, headers: { allow: 'GET, HEAD' } })
})

t.test('a page may load and call this service only, is shown in no frame, and turns no text into script', async (t) => {
  const service = await aService(t)
  const { headers, text } = await service.get('/')
  const policy = String(headers['content-security-policy']).split('; ')
  for (const rule of ["default-src 'none'", "connect-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) t.ok(policy.includes(rule), rule)
  t.notMatch(policy.join(), /unsafe-inline|'unsafe-eval'|https?:/, 'nothing inline, nothing from elsewhere')
  t.match(headers, { 'permissions-policy': /camera=\(self\)/, 'cross-origin-opener-policy': 'same-origin', 'x-content-type-options': 'nosniff' })
  t.equal((await service.get('/', { host: '192.168.1.20' })).headers['cross-origin-opener-policy'], undefined, 'browsers complain about it over plain http')
  t.notMatch(text, /<style|style="|<script>|https?:\/\//)
})

t.test('only pages of origins in FRAME_ANCESTORS may show the pages in a frame', async (t) => {
  const service = await aService(t, { FRAME_ANCESTORS: 'https://dashboard.example,http://localhost:3000' })
  for (const path of ['/wall', '/']) {
    const policy = String((await service.get(path)).headers['content-security-policy']).split('; ')
    t.ok(policy.includes('frame-ancestors https://dashboard.example http://localhost:3000'), path)
    t.ok(policy.includes("script-src 'self' 'wasm-unsafe-eval'"), 'the rest of the policy stays')
  }
  for (const path of ['/sign-in', '/present', '/api/lab']) t.match((await service.get(path)).headers['content-security-policy'], "frame-ancestors 'none'", `${path} is shown in no frame`)
})

t.test('scripts and styles are kept by browsers for ever, and sent compressed', async (t) => {
  const service = await aServiceWithKey(t)
  for (const file of [entry.file, ...entry.css ?? []]) {
    t.match(await service.get(`/${file}`), { status: 200, headers: { 'cache-control': 'public, max-age=31536000, immutable' } }, file)
    t.match(await service.get(`/${file}`, { 'accept-encoding': 'gzip' }), { status: 200, headers: { 'content-encoding': 'gzip', vary: /accept-encoding/i } }, file)
  }
})

t.test('the pages with the map ask for alarms and running steps while the script loads, other pages do not', async (t) => {
  const service = await aService(t)
  for (const path of pagePaths) {
    const { headers: { link } } = await service.get(exampleOf(path))
    if (path !== '/' && path !== '/wall') {
      t.equal(link, undefined, `${path}: browsers complain about what is not used`)
      continue
    }
    const paths = [...String(link).matchAll(/<([^>]+)>; rel=preload; as=fetch; crossorigin/g)].map(([, asked]) => asked!)
    t.equal(paths.length, 2, path)
    for (const asked of paths) t.equal((await service.get(asked)).status, 200, asked)
  }
  t.strictSame([...new Set([entry.file, ...entry.imports ?? []])], [entry.file], 'a browser asks for six things at a time, so the scripts of the first page are one file')
})

t.test('the first page needs at most 260 KiB of scripts and styles', (t) => {
  const files = new Set<string>()
  const add = ({ file, imports = [], css = [] }: Chunk): void => {
    for (const one of [file, ...css]) files.add(one)
    for (const one of imports) add(manifest[one]!)
  }
  add(entry)
  const size = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(built, file)), { level: 9 }).length, 0)
  t.ok(size > 50_000 && size <= 260 * 1024, `${size} bytes`)
  t.end()
})
