// A job of `npm test`, in a process of its own (docs/adr/0031-tap-runs-compiled-tests.md).
await import('../contract/all.ts')
await import('../domain/all.ts')
await import('../domain/lab-file/all.ts')
await import('../web/all.ts')
await import('../all.ts')
