-- Ids that leave the service are UUIDs as text; `n` is the key within the database.
-- Times are milliseconds since 1970 in UTC. Sets of allergens are bit masks, so that leaving
-- foods out is one AND instead of a join.

CREATE TABLE users (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    preferred_language TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE health_profiles (
    user_n INTEGER PRIMARY KEY REFERENCES users (n),
    age INTEGER NOT NULL,
    gender TEXT NOT NULL,
    weight REAL NOT NULL,
    height REAL NOT NULL,
    activity_level TEXT NOT NULL,
    goal TEXT NOT NULL,
    allergens INTEGER NOT NULL,
    preferences INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    n INTEGER PRIMARY KEY,
    user_n INTEGER NOT NULL REFERENCES users (n),
    access_hash BLOB NOT NULL UNIQUE,
    access_expires INTEGER NOT NULL,
    refresh_hash BLOB NOT NULL UNIQUE,
    refresh_expires INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_n);
CREATE INDEX sessions_by_expiry ON sessions (refresh_expires);

CREATE TABLE password_resets (
    token_hash BLOB PRIMARY KEY,
    user_n INTEGER NOT NULL REFERENCES users (n),
    expires INTEGER NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Nutrients are for 100 g. The scores say how well a food serves each goal, 0 to 1.
CREATE TABLE products (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    brand TEXT NOT NULL,
    category TEXT NOT NULL,
    type TEXT NOT NULL,
    calories REAL NOT NULL,
    protein REAL NOT NULL,
    fat REAL NOT NULL,
    carbs REAL NOT NULL,
    fiber REAL NOT NULL,
    allergens INTEGER NOT NULL,
    diet INTEGER NOT NULL,
    price INTEGER NOT NULL,
    pack_grams INTEGER NOT NULL,
    stock INTEGER NOT NULL CHECK (stock >= 0),
    score_mass REAL NOT NULL,
    score_cut REAL NOT NULL,
    score_maintain REAL NOT NULL
) STRICT;
CREATE INDEX products_by_name ON products (name, n);
CREATE INDEX products_by_price ON products (price, n);
CREATE INDEX products_by_calories ON products (calories, n);
CREATE INDEX products_by_protein ON products (protein, n);
CREATE INDEX products_by_stock ON products (stock, n);
CREATE INDEX products_by_category ON products (category, name, n);
CREATE INDEX products_by_brand ON products (brand, name, n);
CREATE INDEX products_for_mass ON products (score_mass DESC, n, category, allergens, diet);
CREATE INDEX products_for_cut ON products (score_cut DESC, n, category, allergens, diet);
CREATE INDEX products_for_maintain
    ON products (score_maintain DESC, n, category, allergens, diet);

CREATE VIRTUAL TABLE product_words USING fts5 (
    name, content = 'products', content_rowid = 'n', prefix = '2 3'
);

-- `owner_n` 0 is the catalogue that everybody sees. Nutrients are for the whole meal.
CREATE TABLE meals (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner_n INTEGER NOT NULL,
    name TEXT NOT NULL,
    tags TEXT NOT NULL,
    instructions TEXT,
    weight REAL NOT NULL,
    calories REAL NOT NULL,
    protein REAL NOT NULL,
    fat REAL NOT NULL,
    carbs REAL NOT NULL,
    allergens INTEGER NOT NULL,
    diet INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    score_mass REAL NOT NULL,
    score_cut REAL NOT NULL,
    score_maintain REAL NOT NULL
) STRICT;
CREATE INDEX meals_by_name ON meals (owner_n, name, n);
CREATE INDEX meals_by_calories ON meals (owner_n, calories, n);
CREATE INDEX meals_for_mass ON meals (owner_n, score_mass DESC, n, allergens, diet);
CREATE INDEX meals_for_cut ON meals (owner_n, score_cut DESC, n, allergens, diet);
CREATE INDEX meals_for_maintain ON meals (owner_n, score_maintain DESC, n, allergens, diet);

CREATE TABLE meal_ingredients (
    meal_n INTEGER NOT NULL REFERENCES meals (n) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    product_n INTEGER NOT NULL REFERENCES products (n),
    grams REAL NOT NULL,
    PRIMARY KEY (meal_n, position)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE meal_words USING fts5 (
    name, content = 'meals', content_rowid = 'n', prefix = '2 3'
);
CREATE TRIGGER meal_words_in AFTER INSERT ON meals BEGIN
    INSERT INTO meal_words (rowid, name) VALUES (new.n, new.name);
END;
CREATE TRIGGER meal_words_out AFTER DELETE ON meals BEGIN
    INSERT INTO meal_words (meal_words, rowid, name) VALUES ('delete', old.n, old.name);
END;
CREATE TRIGGER meal_words_change AFTER UPDATE OF name ON meals BEGIN
    INSERT INTO meal_words (meal_words, rowid, name) VALUES ('delete', old.n, old.name);
    INSERT INTO meal_words (rowid, name) VALUES (new.n, new.name);
END;

CREATE TABLE feedback (
    user_n INTEGER NOT NULL REFERENCES users (n),
    item_id TEXT NOT NULL,
    category TEXT NOT NULL,
    liked INTEGER NOT NULL,
    PRIMARY KEY (user_n, item_id)
) STRICT, WITHOUT ROWID;

-- The sums of a day are kept by triggers: a summary costs the same after a long load test as
-- before it, and holds for rows that came in past the service.
CREATE TABLE plan_days (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_n INTEGER NOT NULL REFERENCES users (n),
    date TEXT NOT NULL,
    meals INTEGER NOT NULL DEFAULT 0,
    calories REAL NOT NULL DEFAULT 0,
    protein REAL NOT NULL DEFAULT 0,
    fat REAL NOT NULL DEFAULT 0,
    carbs REAL NOT NULL DEFAULT 0,
    UNIQUE (user_n, date)
) STRICT;

-- The name and nutrients are those of the moment: a meal that changes later, or goes, leaves
-- what was planned alone. So `meal_id` refers to nothing.
CREATE TABLE plan_entries (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    day_n INTEGER NOT NULL REFERENCES plan_days (n),
    meal_id TEXT NOT NULL,
    name TEXT NOT NULL,
    slot TEXT,
    portion REAL NOT NULL,
    calories REAL NOT NULL,
    protein REAL NOT NULL,
    fat REAL NOT NULL,
    carbs REAL NOT NULL
) STRICT;
CREATE INDEX plan_entries_of_day ON plan_entries (day_n, n);
CREATE INDEX plan_entries_generated ON plan_entries (day_n) WHERE slot IS NOT NULL;
CREATE TRIGGER plan_day_gains AFTER INSERT ON plan_entries BEGIN
    UPDATE plan_days SET
        meals = meals + 1,
        calories = calories + new.calories,
        protein = protein + new.protein,
        fat = fat + new.fat,
        carbs = carbs + new.carbs
    WHERE n = new.day_n;
END;
CREATE TRIGGER plan_day_loses AFTER DELETE ON plan_entries BEGIN
    UPDATE plan_days SET
        meals = meals - 1,
        calories = calories - old.calories,
        protein = protein - old.protein,
        fat = fat - old.fat,
        carbs = carbs - old.carbs
    WHERE n = old.day_n;
END;

CREATE TABLE coupons (
    code TEXT PRIMARY KEY,
    percent INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    minimum INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cart_items (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_n INTEGER NOT NULL REFERENCES users (n),
    product_n INTEGER NOT NULL REFERENCES products (n),
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    UNIQUE (user_n, product_n)
) STRICT;

CREATE TABLE cart_coupons (
    user_n INTEGER PRIMARY KEY REFERENCES users (n),
    code TEXT NOT NULL REFERENCES coupons (code)
) STRICT;

CREATE TABLE orders (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_n INTEGER NOT NULL REFERENCES users (n),
    status TEXT NOT NULL,
    subtotal INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    coupon TEXT,
    address TEXT NOT NULL,
    payment_method TEXT NOT NULL,
    card_last4 TEXT,
    idempotency_key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (user_n, idempotency_key)
) STRICT;
CREATE INDEX orders_of_user ON orders (user_n, n);

CREATE TABLE order_items (
    order_n INTEGER NOT NULL REFERENCES orders (n),
    position INTEGER NOT NULL,
    product_n INTEGER NOT NULL REFERENCES products (n),
    name TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price INTEGER NOT NULL,
    PRIMARY KEY (order_n, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE pictures (
    user_n INTEGER PRIMARY KEY REFERENCES users (n),
    kind TEXT NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
