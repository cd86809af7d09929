import { join } from 'node:path'
import { projectRoot } from '../project-root.ts'

/** The directory of the migrations. */
export const migrationsDirectory = join(projectRoot, 'prisma', 'migrations')
