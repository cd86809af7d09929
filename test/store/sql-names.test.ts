import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/project-root.ts'

// A name in prisma/sql says whether a function reads or writes. The tables of prisma/sql/README.md list the names.

type SqlFunction = { name: string, body: string }

const folder = join(projectRoot, 'prisma/sql')
const readme = readFileSync(join(folder, 'README.md'), 'utf8')
const functions: SqlFunction[] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sql')).flatMap((file) =>
  readFileSync(join(folder, file), 'utf8').split(/^(?=CREATE OR REPLACE FUNCTION )/m).slice(1).map((text) => (
    { name: /^CREATE OR REPLACE FUNCTION (\w+)/.exec(text)![1]!, body: text.replaceAll(/--.*$/gm, '').replaceAll(/'[^']*'/g, "''") })))

const readers = namesIn('and only reads')
const writers = namesIn('and writes')

/** The beginnings of names in the first column of one table of the README. */
function namesIn (head: string): string[] {
  const rows = readme.slice(readme.indexOf(`| begins with, ${head} |`)).split('\n\n')[0]!.split('\n').slice(2)
  return rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
}

/** The functions that change rows themselves, or call one that does. */
function writing (all: readonly SqlFunction[]): Set<string> {
  const found = new Set(all.filter(({ body }) => /\bINSERT INTO\b|\bDELETE FROM\b|\bUPDATE \w+ (\w+ )?SET\b|\bset_config\(/.test(body)).map(({ name }) => name))
  for (let before = -1; before !== found.size;) {
    before = found.size
    for (const { name, body } of all) if ([...body.matchAll(/\b(\w+)\s*\(/g)].some(([, called]) => called !== name && found.has(called!))) found.add(name)
  }
  return found
}

/** What is wrong with the names, as sentences. */
function wrongNames (all: readonly SqlFunction[]): string[] {
  const writes = writing(all)
  const begins = (name: string, list: readonly string[]) => list.some((beginning) => beginning.endsWith('_') ? name.startsWith(beginning) : name === beginning)
  return all.flatMap(({ name }) => {
    if (!writes.has(name)) return []
    if (begins(name, readers)) return [`${name} writes, but its name says that it only reads.`]
    return begins(name, writers) ? [] : [`${name} writes: begin its name with a verb of prisma/sql/README.md, or add one there.`]
  })
}

t.test('a function in SQL that writes has a name that says so', (t) => {
  t.ok(functions.length > 90 && readers.length > 5 && writers.length > 20, 'functions and names are seen')
  t.same(wrongNames(functions), [])
  t.end()
})

t.test('a name that says something else is found, also when another function does the writing', (t) => {
  const offending = [
    { name: 'choose_slot', body: 'BEGIN PERFORM consume_it(1); END' }, { name: 'consume_it', body: 'DELETE FROM slot' }, { name: 'slot_of', body: 'UPDATE slot s SET a = 1' },
    { name: 'require_slot', body: 'SELECT 1 FROM slot FOR UPDATE' }
  ]
  t.same(wrongNames(offending), [
    'choose_slot writes, but its name says that it only reads.', 'slot_of writes: begin its name with a verb of prisma/sql/README.md, or add one there.'
  ])
  t.end()
})
