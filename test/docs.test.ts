import t from 'tap'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { problemCatalogue } from '../src/contract/problems.ts'
import { projectRoot } from '../src/project-root.ts'
import { curlSession, withoutCurl } from './support/curl-session.ts'
import { aService } from './support/service.ts'

// What the documents name exists: files, functions, tables, npm scripts, commands, paths of the API. What they show, happens.

/** Folders that are not part of the repository. */
const made = new Set(['node_modules', 'dist', 'dist-test', 'coverage', 'data', 'generated'])

function foldersIn (folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && (!made.has(entry.name) || folder === 'clients')).map(({ name }) => posix.join(folder, name))
}

function filesUnder (folder: string, extension: string): string[] {
  const here = readdirSync(join(projectRoot, folder), { withFileTypes: true }).filter((entry) => entry.isFile() && entry.name.endsWith(extension)).map(({ name }) => posix.join(folder, name))
  return [...here, ...foldersIn(folder).flatMap((inner) => filesUnder(inner, extension))]
}

function read (file: string): string {
  return readFileSync(join(projectRoot, file), 'utf8')
}

const documents = new Map(filesUnder('', '.md').map((file) => [file, read(file)]))
/** The documents that speak of this repository as it is: not the sources of the lab files, nor decisions that no longer hold. */
const current = new Map([...documents].filter(([file, text]) => file !== 'examples/SOURCES.md' && !/^Status: superseded/m.test(text)))

/** Each match of a pattern in the documents: the file, and the groups. */
function foundIn (texts: ReadonlyMap<string, string>, pattern: RegExp): { file: string, groups: string[] }[] {
  return [...texts].flatMap(([file, text]) => [...text.matchAll(pattern)].map(([, ...groups]) => ({ file, groups })))
}

/** The anchors that GitHub makes of the headings of a document. */
function anchorsOf (text: string): string[] {
  return [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/^#+ (.*)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'))
}

t.test('the documents are seen', (t) => {
  for (const file of ['README.md', 'docs/README.md', 'docs/guides/start.md', 'docs/adr/0001-commands-are-sql-functions.md', 'clients/generated/README.md']) t.ok(documents.has(file), file)
  t.end()
})

t.test('every relative link leads to a file, and to a heading that is there', (t) => {
  const links = foundIn(documents, /\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)/g)
  t.ok(links.length > 100, 'links are seen')
  const broken = links.flatMap(({ file, groups: [path, anchor] }) => {
    const target = path === '' ? file : posix.join(dirname(file), path!)
    if (!existsSync(join(projectRoot, target))) return [`${file} links to ${path}, which does not exist.`]
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor) ? [`${file} links to the heading #${anchor} of ${target}, which does not exist.`] : []
  })
  t.same(broken, [])
  t.end()
})

t.test('every file and folder that a document names exists', (t) => {
  const named = foundIn(current, /`((?:src|prisma|test|docs|tools|bench|examples|clients|openapi|scripts)\/[\w./-]*)`/g)
  t.ok(named.length > 150, 'names are seen')
  const missing = named.filter(({ groups: [path] }) => !existsSync(join(projectRoot, path!))).map(({ file, groups: [path] }) => `${file} names ${path}, which does not exist.`)
  t.same(missing, [])
  t.end()
})

t.test('every function that a document names with its file is defined there', (t) => {
  const named = foundIn(current, /`(\w+)`\s+in\s+`((?:src|prisma|tools)\/[\w./-]+\.(?:ts|sql))`/g)
  t.ok(named.filter(({ file }) => file === 'docs/architecture.md').length > 40, 'names are seen')
  const missing = named.flatMap(({ file, groups: [name, path] }) => {
    if (!existsSync(join(projectRoot, path!))) return [`${file}: there is no ${path}`]
    const definition = path!.endsWith('.sql') ? new RegExp(`(FUNCTION|VIEW) ${name}\\b`) : new RegExp(`\\b(function|const|class|type) ${name}\\b`)
    return definition.test(read(path!)) ? [] : [`${file}: ${path} does not define ${name}`]
  })
  t.same(missing, [])
  t.end()
})

t.test('every npm script and every command that a document names exists', (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const run = foundIn(documents, /npm run (?:-s |--silent )?([a-z][\w:-]*)/g)
  t.ok(run.length > 30, 'scripts are seen')
  t.same(run.filter(({ groups: [name] }) => scripts[name!] === undefined).map(({ file, groups: [name] }) => `${file}: npm run ${name}`), [])
  const commands = foundIn(documents, /(?:npx |[`$] ?)platform-status (?!.*clients)([a-z]+(?:-[a-z]+)*)/g)
  t.ok(commands.length > 20, 'commands are seen')
  t.same(commands.filter(({ groups: [name] }) => !existsSync(join(projectRoot, `src/cli/commands/${name}.ts`))).map(({ file, groups: [name] }) => `${file}: platform-status ${name}`), [])
  t.end()
})

t.test('every path of the API that a document names is served', async (t) => {
  const { app } = await aService(t)
  const served = Object.keys((app.swagger() as { paths: object }).paths).map((path) => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`))
  const named = foundIn(documents, /(?:(?:GET|POST|PUT|PATCH|DELETE) |localhost:8000)(\/api\/[^\s`?',"]*)/g)
  t.ok(named.length > 80, 'paths are seen')
  const unknown = named.map(({ file, groups: [path] }) => ({ file, path: path!.replace(/\.{3}$|\/$/, '') })).filter(({ path }) => !served.some((pattern) => pattern.test(path)))
  t.same(unknown, [])
})

t.test('the table of layers says what the layers may import', (t) => {
  const layers = [...read('test/contract/layers.test.ts').matchAll(/^ {2}'?([\w.-]+)'?: \[(.*)\],?$/gm)].map(([, layer, list]) => [layer!, [...list!.matchAll(/'([^']+)'/g)].map(([, name]) => name!).sort()] as const)
  const expected = new Map(layers.slice(0, layers.findIndex(([layer]) => layer === 'fastify')))
  t.ok(expected.size > 10, 'layers are seen')
  const told = new Map([...read('docs/architecture.md').matchAll(/^\| `src\/([\w.-]+)\/?` \|.*\| ([^|]+) \|$/gm)].map(([, layer, list]) => [layer!, [...list!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!).sort()]))
  t.same([...told].sort(), [...expected].sort())
  t.end()
})

t.test('the data model has every table and view, and names nothing else', (t) => {
  const page = read('docs/data-model.md')
  const schema = read('prisma/schema.prisma')
  const tables = [...schema.matchAll(/^model (\w+)/gm)].map(([, name]) => name!).sort()
  t.same([...page.matchAll(/^\*\*`(\w+)`\*\*/gm)].map(([, name]) => name!).sort(), tables, 'a paragraph each')
  t.same([...page.matchAll(/^ {2}(\w+) \{$/gm)].map(([, name]) => name!).sort(), tables, 'each is in the diagram')
  for (const [, view] of schema.matchAll(/^view (\w+)/gm)) t.ok(page.includes(`| \`${view}\` |`), view!)
  const views = filesUnder('prisma/sql', '.sql').flatMap((file) => [...read(file).matchAll(/^CREATE OR REPLACE VIEW (\w+)/gm)].map(([, view]) => view!))
  const table = page.slice(page.indexOf('\n## Views\n'))
  t.same(views.filter((view) => !table.includes(`\`${view}\``)), [], 'each view is in the table')
  const database = ['prisma', 'src/store', 'src/estimation'].flatMap((folder) => ['.prisma', '.sql', '.ts'].flatMap((extension) => filesUnder(folder, extension))).map(read).join('\n')
  const names = new Set([...page.matchAll(/`([a-z0-9]+(?:_[a-z0-9]+)+)`/g)].map(([, name]) => name!))
  t.ok(names.size > 40, 'names are seen')
  t.same([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(database)), [])
  t.end()
})

t.test('the data model explains every column, with its table or once for all tables', (t) => {
  const [general, ...sections] = read('docs/data-model.md').split(/^(?=\*\*`\w+`\*\*)/m)
  const columnsIn = (text: string) => [...text.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name!)
  const common = columnsIn(general!.slice(0, general!.indexOf('```mermaid')))
  const sectionOf = new Map(sections.map((text) => [/\w+/.exec(text)![0], text]))
  const tables = [...read('prisma/schema.prisma').matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)]
  const columns = tables.flatMap(([, table, body]) => [...body!.matchAll(/^ {2}(\w+) +(?:String|Int|BigInt|Float|Boolean|Json|DateTime)\b/gm)].map(([, name]) => ({ table: table!, name: name! })))
  t.ok(columns.length > 100, 'columns are seen')
  t.same(columns.filter(({ table, name }) => ![...common, ...columnsIn(sectionOf.get(table)!)].includes(name)).map(({ table, name }) => `${table}.${name}`), [])
  t.end()
})

t.test('the page about changes lists every kind of event, and no other', (t) => {
  const section = /## A kind of event\n([\s\S]*?)\n1\. /.exec(read('docs/where-a-change-goes.md'))![1]!
  const listed = new Set([...section.matchAll(/^\|[^|]*\|([^|]*)\|/gm)].flatMap(([, kinds]) => [...kinds!.matchAll(/`([a-z-]+)`/g)].map(([, kind]) => kind!)))
  t.ok(listed.size > 20, 'kinds are seen')
  const code = ['prisma/sql', 'src/domain', 'src/store'].flatMap((folder) => ['.sql', '.ts'].flatMap((extension) => filesUnder(folder, extension))).map(read).join('\n')
  t.same([...listed].filter((kind) => !code.includes(`'${kind}'`)), [])
  const used = [...code.matchAll(/(?<!warning_list\()'((?:device|certificate|position|lab|reservation|experiment|steps?)-(?:[a-z]+ed|set|logged))'/g)].map(([, kind]) => kind!)
  const noEvents = new Set(['device-unchanged', /* a finding of the health report */ 'steps-excluded', ...Object.keys(problemCatalogue)])
  t.same([...new Set(used)].filter((kind) => !listed.has(kind) && !noEvents.has(kind)), [])
  const ofContainers = [...code.matchAll(/record_container_event\([^,]+,[^,]+,\s*'([a-z-]+)'/g)].map(([, kind]) => kind!)
  t.ok(ofContainers.length > 8, 'kinds of containers are seen')
  t.same(ofContainers.filter((kind) => !listed.has(kind)), [])
  t.end()
})

t.test('every decision has a number of its own, a status, and a line in the index', (t) => {
  const records = [...documents.keys()].filter((file) => /^docs\/adr\/\d/.test(file)).sort()
  t.same(records.map((file) => Number(basename(file).slice(0, 4))), records.map((_, index) => index + 1), 'numbers have no gaps')
  for (const file of records) {
    t.match(documents.get(file), /^# .+\n\nStatus: (accepted|superseded)[\s\S]*\n## Context\n[\s\S]*\n## Decision\n[\s\S]*\n## Consequences\n/, file)
    t.ok(documents.get('docs/adr/README.md')!.includes(`](${basename(file)})`), `${file} is in the index`)
    t.ok(documents.get(file)!.startsWith(`# ${Number(basename(file).slice(0, 4))}. `), `${file} begins with its number`)
  }
  for (const [from, text] of documents) {
    for (const [link, said, number] of text.matchAll(/\[(?:ADR |decision )?(\d+)[^\]]*\]\([^)]*?(\d{4})-[a-z0-9-]+\.md\)/g)) t.equal(Number(said), Number(number), `${from}: ${link}`)
  }
  t.end()
})

t.test('the README names every folder', (t) => {
  const tree = /## The code\n\n```\n([\s\S]*?)```/.exec(read('README.md'))![1]!
  const named = new Set([...tree.matchAll(/^ *([\w-]+)\/ /gm)].map(([, name]) => name!).concat(tree.includes('\nsrc/\n') ? ['src'] : []))
  const ofSource = foldersIn('src').flatMap((folder) => [folder, ...folder === 'src/routes' ? [] : foldersIn(folder)])
  const ofTests = foldersIn('test').filter((folder) => !existsSync(join(projectRoot, 'src', basename(folder))))
  const all = [...foldersIn(''), ...foldersIn('prisma'), ...foldersIn('docs'), ...ofSource, ...ofTests]
  t.same(all.filter((folder) => !named.has(basename(folder))), [])
  t.same([...named].filter((name) => !all.some((folder) => basename(folder) === name)), [], 'and no other')
  t.end()
})

t.test('docs/guides/start.md shows what happens', { skip: withoutCurl }, async (t) => {
  t.match(await curlSession(t, read('docs/guides/start.md')), [
    { applied: false }, { applied: true }, { barcode: 'SCREEN_001', position: 0 }, { items: [{ position: 1 }, { position: 2 }] },
    [{ container: 'SCREEN_001' }, { container: 'SCREEN_002' }, { container: 'SCREEN_003' }, { empty: true }], { healthy: true }
  ])
})

t.test('docs/guides/write-safely.md shows what happens', { skip: withoutCurl }, async (t) => {
  t.match(await curlSession(t, read('docs/guides/write-safely.md')), [
    { applied: true }, { device: 'Hotel1', position: 3 },
    { status: 'success', container: { barcode: 'SCREEN_007', device: 'Washer', lid: { device: 'Hotel1', position: 0 } }, step: { kind: 'move', lidded_before: true, lidded_after: false } },
    { status: 'dry-run', findings: [] },
    { positions: [{ device: 'Hotel1', position: 1 }], owner: 'orchestrator-1' },
    { status: 'success', container: { position: 2 } }, { status: 'success', container: { position: 2 } },
    { code: 'precondition-failed' },
    { status: 'success', container: { lidded: true, lid: null } },
    { items: [{ kind: 'corrected', reason: 'found in the washer' }, { kind: 'moved' }, { kind: 'steps-logged' }] },
    { next_cursor: null },
    { barcode: 'SCREEN_007' }
  ])
})

t.test('docs/guides/plan-with-estimates.md shows what happens', { skip: withoutCurl }, async (t) => {
  t.match(await curlSession(t, read('docs/guides/plan-with-estimates.md')), [
    { applied: true }, { items: [{}, {}, { kind: 'move' }] },
    { confidence: 0.9, method: 'substitute', level: 'parameters', sample_size: 2, warnings: [{ code: 'few-samples' }, { code: 'below-sample-size' }] },
    { level: 'pair', sample_size: 1 },
    { estimates: [{ level: 'pair' }, { level: 'parameters' }], total: { duration_seconds: Number } }
  ])
})
