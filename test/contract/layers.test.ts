import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { projectRoot } from '../../src/project-root.ts'

// Imports go one way, also those of types: each layer may import the layers that are listed for it, and no others. So a change
// of HTTP stays in the routes, a change of the database stays in the store, and a reader knows where to look.

const root = projectRoot

/** Each layer of src/ (a folder or a single file), and the layers that it may import. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'project-root.ts': [],
  domain: [],
  contract: ['domain'],
  'version.ts': ['project-root.ts'],
  'config.ts': ['domain'],
  terminal: ['domain'],
  embedded: ['domain'],
  store: ['project-root.ts', 'domain', 'contract', 'config.ts'],
  estimation: ['domain', 'contract', 'store'],
  metrics: ['store'],
  tables: ['domain'],
  backup: ['domain', 'store', 'terminal', 'version.ts'],
  import: ['domain', 'contract', 'config.ts', 'embedded', 'store', 'terminal'],
  stream: ['domain', 'contract', 'store', 'version.ts'],
  webhooks: ['domain', 'store', 'version.ts'],
  plugins: ['domain', 'contract', 'metrics', 'store', 'stream', 'tables', 'version.ts'],
  routes: ['domain', 'contract', 'plugins', 'store', 'stream', 'tables'],
  'app.ts': ['contract', 'domain', 'config.ts', 'store', 'estimation', 'stream', 'webhooks', 'plugins', 'routes'],
  process: ['project-root.ts', 'app.ts', 'config.ts', 'domain', 'embedded', 'plugins', 'store', 'terminal'],
  cli: ['backup', 'config.ts', 'contract', 'domain', 'embedded', 'import', 'process', 'store', 'tables', 'terminal', 'version.ts'],
  demo: ['project-root.ts', 'config.ts', 'contract', 'process', 'terminal'],
  'server.ts': ['domain', 'process', 'terminal']
}

/** Packages that only some layers may import. */
const reserved: Readonly<Record<string, readonly string[]>> = {
  fastify: ['contract', 'plugins', 'routes', 'app.ts', 'process'],
  '@prisma': ['store'],
  pg: ['store', 'estimation', 'backup', 'import', 'embedded'],
  typebox: ['contract', 'config.ts', 'plugins', 'routes'],
  'node:http': ['app.ts', 'plugins', 'webhooks'],
  'node:fs': ['backup', 'cli', 'config.ts', 'demo', 'embedded', 'import', 'process', 'project-root.ts', 'store', 'terminal', 'version.ts']
}

/** Programs: they are started, and nothing imports them. */
const programs = ['src/routes/lab/yaml-worker.ts', 'src/tables/parquet-worker.ts', 'src/server.ts', 'src/cli/main.ts', 'src/demo/main.ts']

type Sources = ReadonlyMap<string, string>
type Import = { from: string, to: string }

const files = filesOf('src', 'tools', 'bench')
const pages = filesOf('web')

function filesOf (...folders: readonly string[]): Sources {
  const found = folders.filter((folder) => existsSync(join(root, folder))).flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(tsx?|mjs)$/.test(file) && !file.includes('generated/')).map((file) => posix.join(folder, file)))
  return new Map(found.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
}

const known = new Map<string, Import[]>()

/** What files import, types included: files of the project as paths from its root, packages by name. */
function importsOf (sources: Sources): Import[] {
  return [...sources].flatMap(([from, text]) => {
    // several tests ask for the same files
    const key = `${from}\n${text}`
    const found = known.get(key) ?? importsIn(from, text)
    known.set(key, found)
    return found
  })
}

function importsIn (from: string, text: string): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return
    found.push({ from, to: specifier.text.startsWith('.') ? posix.join(dirname(from), specifier.text) : specifier.text })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0])
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(from, text, ts.ScriptTarget.Latest, true))
  return found
}

/** The layer of a file: `routes` for `src/routes/steps/index.ts`, `app.ts` for `src/app.ts`, null for a file outside src/. */
function layerOf (path: string): string | null {
  const [folder, layer] = path.split('/')
  return folder === 'src' ? layer ?? null : null
}

/** Each import that is not allowed, as a sentence that also says what to do. */
function wrongWays (sources: Sources): string[] {
  return importsOf(sources).flatMap(({ from, to }) => {
    const layer = layerOf(from)
    if (layer === null) return []
    const target = layerOf(to)
    const allowed = mayImport[layer]
    if (allowed === undefined) return [`${from} is of no known layer: move it into a folder of src/, or add the layer to test/contract/layers.test.ts.`]
    if (target !== null && target !== layer && !allowed.includes(target)) {
      return [`${from} imports ${to}: ${layer} may import ${allowed.join(', ') || 'nothing'}. Move what both need into a layer below both.`]
    }
    const name = Object.keys(reserved).find((name) => to === name || to.startsWith(`${name}/`))
    return name !== undefined && !reserved[name]!.includes(layer)
      ? [`${from} imports ${to}: only ${reserved[name]!.join(', ')} may. Call what one of these offers.`]
      : []
  })
}

/** Each circle of imports, as a sentence. */
function circles (sources: Sources): string[] {
  const next = new Map<string, string[]>([...sources.keys()].map((file) => [file, []]))
  for (const { from, to } of importsOf(sources)) if (sources.has(to)) next.get(from)!.push(to)
  const found: string[] = []
  const done = new Set<string>()
  function visit (file: string, path: readonly string[]): void {
    const at = path.indexOf(file)
    if (at !== -1) found.push(`${[...path.slice(at), file].join(' -> ')} is a circle: move what both need into a file of its own.`)
    if (at !== -1 || done.has(file)) return
    for (const one of next.get(file)!) visit(one, [...path, file])
    done.add(file)
  }
  for (const file of sources.keys()) visit(file, [])
  return found
}

/** Names that two files export, as types, schemas, functions or other values, as sentences. A schema and its type may share a name in one file. */
function twins (sources: Sources): string[] {
  const byName = new Map<string, Set<string>>()
  for (const [file, text] of sources) {
    for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true).statements) {
      for (const name of exportedNames(statement)) byName.set(name, new Set([...byName.get(name) ?? [], file]))
    }
  }
  return [...byName].filter(([, where]) => where.size > 1).map(([name, where]) => `${name} is exported by ${[...where].join(' and ')}: one name for one thing. Share it, or rename one.`)
}

/** The names that a statement declares and exports; not those that it passes on from another file. */
function exportedNames (statement: ts.Statement): string[] {
  if (!ts.canHaveModifiers(statement) || !ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return []
  const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations.map(({ name }) => name) : [(statement as ts.DeclarationStatement).name]
  return declared.flatMap((name) => name !== undefined && ts.isIdentifier(name) ? [name.text] : [])
}

const ours: Sources = new Map([...files].filter(([file]) => file.startsWith('src/')))

t.test('imports go from the upper layers to the lower ones, types too', (t) => {
  t.ok(importsOf(files).length > 500, 'the imports are seen')
  t.same(wrongWays(files), [])
  t.end()
})

t.test('a wrong import is found, and the message names the file and the remedy', (t) => {
  const offending = new Map([
    ['src/store/steps.ts', "import type { Handler } from '../routes/steps/index.ts'"],
    ['src/contract/steps.ts', "export { readSteps } from '../store/steps.ts'"],
    ['src/domain/match.ts', "const load = async () => await import('../contract/steps.ts')"],
    ['src/plugins/auth.ts', "type Step = import('../routes/steps/index.ts').Step"],
    ['src/routes/steps/index.ts', "import pg from 'pg'"],
    ['src/helpers/odd.ts', "import t from '../domain/match.ts'"]
  ])
  t.match(wrongWays(offending), [
    /^src\/store\/steps\.ts imports src\/routes\/steps\/index\.ts: store may import project-root\.ts, domain, contract, config\.ts\. Move what both need/,
    /^src\/contract\/steps\.ts imports src\/store\/steps\.ts: contract may import domain\./,
    /^src\/domain\/match\.ts imports src\/contract\/steps\.ts: domain may import nothing\./,
    /^src\/plugins\/auth\.ts imports src\/routes/,
    /^src\/routes\/steps\/index\.ts imports pg: only store, estimation, backup, import, embedded may\./,
    /^src\/helpers\/odd\.ts is of no known layer/
  ])
  t.same(wrongWays(new Map([['src/routes/steps/index.ts', "import type { Step } from '../../contract/steps.ts'"]])), [])
  t.end()
})

t.test('the pages know the service by its OpenAPI document only', (t) => {
  const found = importsOf(pages)
  t.ok(found.length > 20, 'the imports are seen')
  t.same(found.filter(({ to }) => /^(src|test|tools|bench|prisma)\//.test(to)), [])
  t.same(importsOf(ours).filter(({ to }) => to.startsWith('web/')), [], 'and the service does not know the pages')
  t.end()
})

t.test('no imports run in a circle', (t) => {
  t.same(circles(files), [])
  t.same(circles(pages), [])
  const offending = new Map([['src/a.ts', "import './b.ts'"], ['src/b.ts', "import type { C } from './c.ts'"], ['src/c.ts', "export * from './a.ts'"], ['src/d.ts', "import './a.ts'"]])
  t.same(circles(offending), ['src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts is a circle: move what both need into a file of its own.'], 'which is found')
  t.end()
})

t.test('no two files export one name', (t) => {
  t.same(twins(ours), [])
  t.same(twins(pages), [])
  t.match(twins(new Map([['src/a.ts', 'export type Place = { x: 1 }'], ['src/b.ts', 'export interface Place { y: 1 }'], ['src/c.ts', 'type Place = 1']])), [/^Place is exported by src\/a\.ts and src\/b\.ts/])
  t.match(twins(new Map([
    ['src/a.ts', 'export const Place = Type.Object({})\nexport type Place = 1'], ['src/b.ts', 'export type Place = 1'],
    ['src/c.ts', 'export function plan (): void {}'], ['src/d.ts', 'export const x = 1, plan = 2'], ['src/e.ts', 'export class Alone {}\nexport type Same = 1\nexport const Same = 1']
  ])), [/^Place is exported by src\/a\.ts and src\/b\.ts/, /^plan is exported by src\/c\.ts and src\/d\.ts/])
  t.end()
})

t.test('routes know the handlers of no other route', (t) => {
  const foreign = importsOf(ours).filter(({ from, to }) => {
    const [, layer, module, file] = to.split('/')
    return from.startsWith('src/routes/') && layer === 'routes' && file !== undefined && from.split('/')[2] !== module
  })
  t.same(foreign, [])
  t.end()
})

t.test('only store, estimation and backup make statements', (t) => {
  const inside = ['store', 'estimation', 'backup', 'import', 'embedded']
  const talking = [...ours].filter(([file, text]) => !inside.includes(layerOf(file)!) && /\.\$(queryRaw|executeRaw|transaction)|\bprisma\.\w+\.|\bpool\.query\b/.test(text)).map(([file]) => file)
  t.same(talking, [])
  t.end()
})

t.test('only programs act when they are imported, and nothing imports them', (t) => {
  const acting = [...ours].flatMap(([file, text]) => ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true).statements.filter(acts).map((statement) => `${file}: ${statement.getText().slice(0, 80)}`))
  t.same(acting.filter((line) => !programs.some((file) => line.startsWith(`${file}:`))), [])
  t.ok(acting.some((line) => line.startsWith('src/server.ts:')), 'which is seen')
  t.same(importsOf(ours).filter(({ to }) => programs.includes(to)), [])
  t.end()
})

function acts (statement: ts.Statement): boolean {
  return ts.isExpressionStatement(statement) || ts.isIfStatement(statement) || ts.isForOfStatement(statement) || ts.isTryStatement(statement)
}
