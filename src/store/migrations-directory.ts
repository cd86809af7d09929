import { join } from 'node:path'
import { projectRoot } from '../project-root.ts'

/** Where this code's migrations lie. */
export const migrationsDirectory = join(projectRoot, 'prisma', 'migrations')
