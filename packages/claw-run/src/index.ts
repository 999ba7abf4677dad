export { z } from 'zod';
export * from './library.ts';
