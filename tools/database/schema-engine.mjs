#!/usr/bin/env node
// Prisma's schema engine in its WebAssembly form, as the program that the Prisma CLI starts.
//
// `prisma migrate deploy` starts a native program, which the CLI downloads when it is missing. Where that download is not
// possible, this script takes its place: PRISMA_SCHEMA_ENGINE_BINARY=tools/database/schema-engine.mjs npx prisma migrate deploy.
// The engine is the same code at the same version (@prisma/schema-engine-wasm); only the connection differs: it is made by
// @prisma/adapter-pg. The CLI speaks JSON-RPC with its engine, one request or response a line.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg'

// the CLI first asks whether the database can be reached
if (process.argv.includes('can-connect-to-database')) {
  const adapter = await new PrismaPg({ connectionString: datasourceUrl() }).connect()
  await adapter.executeScript('SELECT 1')
  process.exit(0)
}

/**
 * The adapter cuts a script at each semicolon, also inside function bodies. The native engine sends a migration as one
 * simple query, and so does this.
 */
class WholeScripts extends PrismaPg {
  async connect () {
    const adapter = await super.connect()
    adapter.executeScript = async (script) => { await adapter.underlyingDriver().query(script) }
    return adapter
  }
}

const engine = await startEngine(datasourceUrl())
createInterface({ input: process.stdin }).on('line', (line) => { void answer(JSON.parse(line)) })

/** The URL of the database, as the CLI passes it. */
function datasourceUrl () {
  return JSON.parse(process.argv[process.argv.indexOf('--datasource') + 1]).url
}

async function startEngine (url) {
  const file = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm'))
  const { instance } = await globalThis.WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': glue })
  glue.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScripts({ connectionString: url }))
  return await glue.SchemaEngine.new({ datamodels: undefined }, () => {}, adapter)
}

async function answer ({ id, method, params }) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...await resultOf(method, params) })}\n`)
}

async function resultOf (method, params) {
  try {
    return { result: await engine[method](params) ?? {} }
  } catch (error) {
    return { error: { code: 4466, message: error.message, data: { is_panic: false, message: error.message, error_code: error.code } } }
  }
}
