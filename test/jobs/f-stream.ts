// A job of `npm test`, in a process of its own (docs/adr/0031-tap-runs-compiled-tests.md).
await import('../stream/all.ts')
await import('../webhooks/all.ts')
