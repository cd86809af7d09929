// `npm run demo`: builds what has to be built, then shows the service with a real lab's records; see src/demo/main.ts.
await import('./ensure-built.mjs')
await import('../../dist/src/demo/main.js')
