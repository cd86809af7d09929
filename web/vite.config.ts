import react from '@vitejs/plugin-react'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const built = join(import.meta.dirname, '..', 'dist', 'web')

/** Compresses what was built, so that the service need not do it for each request. */
const compressed: Plugin = {
  name: 'compressed',
  closeBundle () {
    const assets = join(built, 'assets')
    for (const name of readdirSync(assets).filter((name) => /\.(js|css|svg|wasm)$/.test(name))) writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }))
  }
}

/** Builds the pages into dist/web/, from where the service serves them. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed],
  build: {
    outDir: built,
    // tsc writes there, too: what the tests import.
    emptyOutDir: false,
    manifest: true,
    target: ['chrome109', 'firefox115', 'safari16.4'],
    // The policy of the pages allows no data: fonts or scripts, and every browser above preloads modules by itself.
    assetsInlineLimit: 0,
    // The scripts of the first page are one file: a browser asks for six things at a time, and the lab is one of them.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first-page', tags: ['$initial'] }] } } },
    modulePreload: { polyfill: false }
  }
})
