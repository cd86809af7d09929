import { fileURLToPath } from 'node:url'

/** The directory of the migrations. The path is the same from src and from dist. */
export const migrationsDirectory = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
