// Compiles test/ into dist-test/, beside the service in dist/: so a test process starts as fast as the service does, and what
// is tested is what is shipped. A file is compiled again when it is newer than what came of it; types are `npm run typecheck`'s.
// What tests read beside themselves lies in test/fixtures/, which is linked.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))
const from = join(root, 'test')
const to = join(root, 'dist-test')
const settings = join(root, 'tsconfig.json')

/** Where the compiled form of a test file is. */
export function compiledOf (file) {
  return join(to, relative(from, file)).replace(/\.ts$/, '.js')
}

/** Compiles what has changed, and drops what has no source any more. */
export function compileTests () {
  const sources = filesBelow(from).filter((file) => file.endsWith('.ts'))
  const wanted = new Set(sources.map(compiledOf))
  for (const file of filesBelow(to)) if (!wanted.has(file.replace(/\.map$/, ''))) rmSync(file)
  mkdirSync(to, { recursive: true })
  if (!existsSync(join(to, 'fixtures'))) symlinkSync(join('..', 'test', 'fixtures'), join(to, 'fixtures'))
  const options = optionsForOneFile()
  const newer = Math.max(statSync(settings).mtimeMs, statSync(fileURLToPath(import.meta.url)).mtimeMs)
  for (const source of sources) {
    const compiled = compiledOf(source)
    if (existsSync(compiled) && statSync(compiled).mtimeMs >= Math.max(newer, statSync(source).mtimeMs)) continue
    const compilerOptions = { ...options, sourceRoot: `${relative(dirname(compiled), dirname(source))}/` }
    const { outputText, sourceMapText } = ts.transpileModule(readFileSync(source, 'utf8'), { fileName: basename(source), compilerOptions })
    mkdirSync(dirname(compiled), { recursive: true })
    writeFileSync(`${compiled}.map`, sourceMapText)
    writeFileSync(compiled, withPaths(withTest(outputText, compiled)))
  }
}

// test/ and dist-test/ are equally deep, so all paths hold but those into src/, whose compiled form is in dist/
function withPaths (text) {
  return text.replaceAll(/(from |import\()(["'](?:\.\.\/)+)src\//g, '$1$2dist/')
}

// several files share a process, whose test tap's own is (take-files.mjs); on the same line, for the source map's sake
function withTest (text, compiled) {
  const path = relative(dirname(compiled), join(import.meta.dirname, 'test-of-file.mjs'))
  return text.replace(/^import (\w+)(?:, \{\s*\})? from ["']tap["'];?/m, `import { testOfFile } from '${path}'; const $1 = testOfFile();`)
}

function optionsForOneFile () {
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(settings, ts.sys.readFile).config, ts.sys, root)
  // one file alone does not tell which kind of module it is
  return { ...options, module: ts.ModuleKind.ESNext }
}

function filesBelow (directory) {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
