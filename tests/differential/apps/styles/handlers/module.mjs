throw new Error('Only .js files are loaded from handlers/.');
