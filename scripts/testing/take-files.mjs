// Loads the test files that stdin names, one a line, and ends with it. Each is a test of its own, and what it calls t is that
// test: what it sets up for itself ends with it, and what goes wrong in it is a failure of it.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { loading } from './test-of-file.mjs'

for await (const file of createInterface({ input: process.stdin })) {
  await t.test(file, async (t) => {
    loading.t = t
    await import(pathToFileURL(file).href)
  })
}
