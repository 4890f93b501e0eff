throw new Error('Folders inside handlers/ are not looked into.');
