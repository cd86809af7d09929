import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { projectRoot } from '../../src/project-root.ts'

// Requests travel one way: routes -> store and estimation -> domain. Each layer knows those below it and nothing else, so
// that a change of HTTP stays in the routes, and a change of the database in the store.

const root = join(projectRoot, 'src')

/** Programs of their own: started, never imported. */
const programs = ['server.ts', 'cli/main.ts', 'demo/main.ts']

type Import = { from: string, to: string, typesOnly: boolean }

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.startsWith('store/generated'))
const sources = new Map(files.map((file) => [file, ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true)]))
const imports = [...sources].flatMap(([file, source]) => importsOf(file, source))

function importsOf (from: string, source: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Expression | undefined, typesOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return
    found.push({ from, to: specifier.text.startsWith('.') ? relative(root, join(root, dirname(from), specifier.text)) : specifier.text, typesOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypesOnly(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isTypesOnly (clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const named = clause.namedBindings
  return clause.name === undefined && named !== undefined && ts.isNamedImports(named) && named.elements.every((element) => element.isTypeOnly)
}

/** Imports from files that begin so, to what begins so; as lines to read. */
function crossing (from: readonly string[], to: readonly string[], { types = true } = {}): string[] {
  return imports.filter((one) => from.some((start) => one.from.startsWith(start)) && to.some((start) => one.to === start || one.to.startsWith(start.endsWith('/') ? start : `${start}/`)) && (types || !one.typesOnly))
    .map((one) => `src/${one.from} imports ${one.to}`)
}

t.test('the imports are seen', (t) => {
  t.ok(imports.length > 200)
  t.ok(imports.some(({ from, to }) => from === 'app.ts' && to === 'routes/containers/index.ts'))
  t.ok(imports.some(({ from, to, typesOnly }) => from === 'store/containers.ts' && to === 'routes/containers/schemas.ts' && typesOnly))
  t.end()
})

t.test('domain is pure: it knows the language, its libraries and itself, and neither HTTP nor a database', (t) => {
  t.same(crossing(['domain/'], ['routes/', 'plugins/', 'schemas/', 'store/', 'estimation/', 'embedded/', 'app.ts', 'server.ts', 'config.ts', 'fastify', '@fastify', 'typebox', 'pg', '@prisma', 'pino', 'node:fs', 'node:http', 'node:net']), [])
  t.end()
})

t.test('what keeps and estimates knows nothing of HTTP; of routes and schemas it takes types alone', (t) => {
  t.same(crossing(['store/', 'estimation/', 'backup/'], ['plugins/', 'app.ts', 'server.ts', 'openapi.ts', 'fastify', '@fastify']), [])
  t.same(crossing(['store/', 'estimation/'], ['routes/', 'schemas/'], { types: false }), [])
  t.end()
})

t.test('the store does not estimate', (t) => {
  t.same(crossing(['store/'], ['estimation/']), [])
  t.end()
})

t.test('only store, estimation and backup talk to the database', (t) => {
  const inside = ['store/', 'estimation/', 'backup/']
  const outside = files.filter((file) => !inside.some((start) => file.startsWith(start)))
  t.same(crossing(outside, ['store/generated/', '@prisma', 'pg']).filter((line) => !/^src\/embedded\//.test(line) && !readsAnother(line)), [])
  const talking = [...sources].filter(([file]) => outside.includes(file) && !file.startsWith('embedded/')).filter(([, source]) => /\.\$(queryRaw|executeRaw|transaction)|\bprisma\.\w+\.|\bpool\.query\b/.test(source.text)).map(([file]) => file)
  t.same(talking, [], 'no statement is made elsewhere')
  t.end()
})

/** The import's source is the old system's database, not ours. */
function readsAnother (line: string): boolean {
  return line === 'src/import/postgres-source.ts imports pg'
}

t.test('routes do not know each other\'s handlers, only schemas', (t) => {
  const foreign = imports.filter(({ from, to }) => from.startsWith('routes/') && to.startsWith('routes/') && moduleOf(from) !== moduleOf(to) && to.split('/').length > 2 && !/schemas\.ts$/.test(to))
  t.same(foreign.map(({ from, to }) => `src/${from} imports ${to}`), [])
  t.end()
})

t.test('only programs act when they are imported, and nothing imports them', (t) => {
  const acting = [...sources].flatMap(([file, source]) => source.statements.filter(acts).map((statement) => `src/${file}: ${statement.getText().slice(0, 80)}`))
  t.same(acting.filter((line) => !programs.some((file) => line.startsWith(`src/${file}:`))), [])
  t.ok(acting.some((line) => line.startsWith('src/server.ts:')), 'which is seen')
  t.same(imports.filter(({ to }) => programs.includes(to)), [])
  t.end()
})

function acts (statement: ts.Statement): boolean {
  return ts.isExpressionStatement(statement) || ts.isIfStatement(statement) || ts.isForOfStatement(statement) || ts.isTryStatement(statement)
}

function moduleOf (file: string): string {
  return file.split('/')[1]!
}
