import { loadTestsIn } from '../support/folder.ts'

await loadTestsIn(import.meta.dirname)
