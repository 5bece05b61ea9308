//! Products, meals, recommendations and plans.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Backend, Client, NOBODY, text};

fn numbers(rows: &[Value], field: &str) -> Vec<f64> {
    rows.iter().map(|row| row[field].as_f64().expect(field)).collect()
}

fn is_free_of(food: &Value, allergens: &[&str]) -> bool {
    let has = food["allergens"].as_array().expect("allergens");
    !allergens.iter().any(|allergen| has.iter().any(|each| each == allergen))
}

#[tokio::test]
async fn a_search_finds_names_with_the_words() {
    let backend = Backend::start().await;
    let client = backend.client();
    for (word, least) in [("chicken", 100), ("apple", 60), ("oats", 60), ("whey", 60)] {
        let answer = client.get(&format!("/products?search={word}&limit=100")).await.is(200);
        assert!(answer.total() >= least, "{word}: {}", answer.total());
        assert_eq!(answer.rows().len() as i64, answer.total().min(100));
        for row in answer.rows() {
            assert!(text(&row, "name").to_lowercase().contains(word), "{word}: {row}");
        }
    }
    assert_eq!(client.get("/products?search=chick%20brea").await.total(), 20);
    assert_eq!(client.get("/products?search=unobtainium").await.total(), 0);
    assert_eq!(client.get("/products?search=%25").await.total(), 0);
}

#[tokio::test]
async fn filters_hold_for_every_row() {
    let backend = Backend::start().await;
    let client = backend.client();
    let query = "/products?category=dairy&type=ingredient&minCalories=90&maxCalories=300&limit=100";
    let rows = client.get(query).await.is(200).rows();
    assert!(!rows.is_empty());
    for row in &rows {
        assert_eq!((&row["category"], &row["type"]), (&json!("dairy"), &json!("ingredient")));
        assert!(row["calories"].as_f64().is_some_and(|kcal| (90.0..=300.0).contains(&kcal)));
    }
    let rows = client.get("/products?allergens=gluten,nuts&limit=100").await.is(200).rows();
    for row in &rows {
        assert!(is_free_of(row, &["gluten", "nuts"]), "{row}");
    }
    let brand = client.first("/products?limit=1").await["brand"].clone();
    let brand = brand.as_str().expect("a brand");
    let rows = client.get(&format!("/products?brand={brand}&limit=100")).await.rows();
    assert!(rows.iter().all(|row| row["brand"] == brand));
}

#[tokio::test]
async fn lists_are_sorted_and_pages_join_up() {
    let backend = Backend::start().await;
    let client = backend.client();
    for field in ["price", "calories", "protein", "stock"] {
        for (order, sign) in [("asc", 1.0), ("desc", -1.0)] {
            let path = format!("/products?sort={field}&order={order}&limit=50");
            let values = numbers(&client.get(&path).await.is(200).rows(), field);
            assert_eq!(values.len(), 50);
            assert!(values.is_sorted_by(|a, b| a * sign <= b * sign), "{path}");
        }
    }
    let whole = client.get("/products?search=tofu&limit=100").await.is(200).rows();
    let mut pages = Vec::new();
    for page in 1..=4 {
        let answer = client.get(&format!("/products?search=tofu&limit=6&page={page}")).await;
        assert_eq!(answer.json()["meta"], json!({ "total": 20, "page": page, "limit": 6 }));
        pages.extend(answer.rows());
    }
    assert_eq!(pages, whole);
    assert!(client.get("/products?page=500").await.is(200).rows().is_empty());
}

#[tokio::test]
async fn a_wrong_query_names_every_wrong_field() {
    let backend = Backend::start().await;
    let client = backend.client();
    let query =
        "/products?category=x&type=x&minCalories=x&allergens=x&sort=x&order=x&page=x&limit=0";
    client.get(query).await.invalid(&[
        "category",
        "type",
        "minCalories",
        "allergens",
        "sort",
        "order",
        "page",
        "limit",
    ]);
    client.get("/products?limit=101").await.invalid(&["limit"]);
    client.get("/products?minCalories=9&maxCalories=1").await.invalid(&["minCalories"]);
}

#[tokio::test]
async fn a_product_is_shown_whole() {
    let backend = Backend::start().await;
    let client = backend.client();
    let listed = client.first("/products?search=whey%20isolate&limit=1").await;
    let shown = client.get(&format!("/products/{}", text(&listed, "id"))).await.is(200).data();
    assert_eq!(shown, listed);
    for field in ["calories", "protein", "fat", "carbs", "price", "stock"] {
        assert!(shown[field].is_number(), "{field}");
    }
    assert_eq!(shown["allergens"], json!(["dairy"]));
    client.get(&format!("/products/{NOBODY}")).await.refused(404, "NOT_FOUND");
    client.get("/products/7").await.refused(404, "NOT_FOUND");
}

async fn draft(client: &Client, name: &str) -> Value {
    let apple = client.first("/products?search=alpine%20apple&limit=1").await;
    let whey = client.first("/products?search=alpine%20whey%20isolate&limit=1").await;
    json!({
        "name": name, "tags": ["Snack", "mine"], "instructions": "Mix.",
        "ingredients": [
            { "productId": apple["id"], "grams": 200 }, { "productId": whey["id"], "grams": 30 },
        ],
    })
}

#[tokio::test]
async fn a_meal_is_computed_from_its_ingredients() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let draft = draft(&user, "Apple shake").await;
    let made = user.post("/meals", draft.clone()).await.is(201);
    assert_eq!(made.header("etag"), "\"1\"");
    let made = made.data();
    let mut calories = 0.0;
    for ingredient in draft["ingredients"].as_array().expect("a list") {
        let path = format!("/products/{}", text(ingredient, "productId"));
        let product = user.get(&path).await.data();
        let kcal = product["calories"].as_f64().expect("kcal");
        calories += kcal * ingredient["grams"].as_f64().expect("grams") / 100.0;
    }
    let computed = made["calories"].as_f64().expect("kcal");
    assert!((computed - calories).abs() < 0.1, "{computed} is not {calories}");
    assert_eq!(made["weight"], 230.0);
    assert_eq!(made["allergens"], json!(["dairy"]));
    assert_eq!((&made["own"], &made["tags"]), (&json!(true), &json!(["snack", "mine"])));
    let shown = user.get(&format!("/meals/{}", text(&made, "id"))).await.is(200).data();
    assert_eq!(shown, made);
}

#[tokio::test]
async fn own_meals_are_listed_beside_the_catalogue_and_only_to_their_owner() {
    let backend = Backend::start().await;
    let (owner, other) = (backend.user(1).await, backend.user(2).await);
    let body = draft(&owner, "Zebra cake").await;
    owner.post("/meals", body).await.is(201);
    assert_eq!(owner.get("/meals").await.total(), 201);
    assert_eq!(other.get("/meals").await.total(), 200);
    assert_eq!(owner.get("/meals?search=zebra").await.total(), 1);
    assert_eq!(other.get("/meals?search=zebra").await.total(), 0);
    let newest = owner.first("/meals?sort=created&order=desc&limit=1").await;
    assert_eq!(newest["name"], "Zebra cake");
}

#[tokio::test]
async fn meals_are_filtered_sorted_and_paged() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let answer = user.get("/meals?limit=10").await.is(200);
    assert_eq!((answer.rows().len(), answer.total()), (10, 200));
    let query = "/meals?search=chicken&tag=lunch&maxCalories=600&excludeAllergens=gluten,dairy";
    let rows = user.get(&format!("{query}&sort=calories&order=desc")).await.is(200).rows();
    assert!(!rows.is_empty());
    assert!(numbers(&rows, "calories").is_sorted_by(|a, b| a >= b));
    for row in &rows {
        assert!(text(row, "name").contains("Chicken"));
        assert!(row["tags"].to_string().contains("\"lunch\""));
        assert!(row["calories"].as_f64().is_some_and(|kcal| kcal <= 600.0));
        assert!(is_free_of(row, &["gluten", "dairy"]), "{row}");
    }
    let wrong = "/meals?sort=x&limit=x&maxCalories=x&excludeAllergens=x";
    let fields = ["sort", "limit", "maxCalories", "excludeAllergens"];
    user.get(wrong).await.invalid(&fields);
}

#[tokio::test]
async fn a_wrong_meal_is_refused() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    user.post("/meals", json!({})).await.invalid(&["name", "ingredients"]);
    let wrong = json!({ "name": "x", "tags": 1, "ingredients": [{ "grams": -1 }, 7] });
    let fields = ["tags", "ingredients[0].productId", "ingredients[0].grams", "ingredients[1]"];
    user.post("/meals", wrong).await.invalid(&fields);
    let unknown = json!({ "name": "x", "ingredients": [{ "productId": NOBODY, "grams": 10 }] });
    let answer = user.post("/meals", unknown).await.refused(404, "NOT_FOUND");
    assert_eq!(answer.json()["error"]["details"][0]["field"], "ingredients[0].productId");
}

#[tokio::test]
async fn a_meal_changes_only_for_its_owner_and_from_its_last_version() {
    let backend = Backend::start().await;
    let (owner, other) = (backend.user(1).await, backend.user(2).await);
    let mut draft = draft(&owner, "First").await;
    let made = owner.post("/meals", draft.clone()).await.is(201).data();
    let path = format!("/meals/{}", text(&made, "id"));
    draft["name"] = json!("Second");
    let put = |client: &Client, tag: &'static str| {
        let request = client.request(Method::PUT, &path).header("if-match", tag);
        Answer::to(request.body(draft.to_string()))
    };
    put(&other, "*").await.refused(403, "FORBIDDEN");
    put(&owner, "\"9\"").await.refused(409, "STALE");
    let changed = put(&owner, "\"1\"").await.is(200);
    assert_eq!((changed.header("etag"), &changed.data()["name"]), ("\"2\"", &json!("Second")));
    put(&owner, "\"1\"").await.refused(409, "STALE");
    put(&owner, "\"1\", \"2\"").await.is(200);
    owner.send(Method::PUT, &path, draft.clone()).await.is(200);
    owner.send(Method::PUT, &path, json!({})).await.invalid(&["name", "ingredients"]);
    let missing = format!("/meals/{NOBODY}");
    owner.send(Method::PUT, &missing, draft.clone()).await.refused(404, "NOT_FOUND");
    assert_eq!(owner.get("/meals?search=first").await.total(), 0);
    assert_eq!(owner.get("/meals?search=second").await.total(), 1);
}

#[tokio::test]
async fn a_meal_is_removed_only_by_its_owner() {
    let backend = Backend::start().await;
    let (owner, other) = (backend.user(1).await, backend.user(2).await);
    let body = draft(&owner, "Short-lived").await;
    let made = owner.post("/meals", body).await.is(201).data();
    let path = format!("/meals/{}", text(&made, "id"));
    other.delete(&path).await.refused(403, "FORBIDDEN");
    let seeded = owner.first("/meals?limit=1").await;
    owner.delete(&format!("/meals/{}", text(&seeded, "id"))).await.refused(403, "FORBIDDEN");
    let stale = owner.request(Method::DELETE, &path).header("if-match", "\"7\"");
    Answer::to(stale).await.refused(409, "STALE");
    owner.delete(&path).await.is(204);
    owner.delete(&path).await.refused(404, "NOT_FOUND");
    owner.get(&path).await.refused(404, "NOT_FOUND");
    assert_eq!(owner.get("/meals?search=lived").await.total(), 0);
}

#[tokio::test]
async fn recommendations_need_a_profile_and_respect_it() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    user.get("/recommendations").await.refused(409, "PROFILE_REQUIRED");
    let profile = json!({
        "age": 30, "gender": "other", "weight": 70, "height": 175, "goal": "mass",
        "activity_level": "low", "allergies": ["dairy", "nuts"],
        "dietaryPreferences": ["vegan"],
    });
    user.post("/health-profile", profile).await.is(201);
    let rows = user.get("/recommendations?limit=100").await.is(200).rows();
    assert!(rows.len() > 20);
    for row in &rows {
        let score = row["score"].as_f64().expect("a score");
        assert!((0.0..=1.0).contains(&score) && row["reasons"].is_array(), "{row}");
        let kind = text(row, "kind");
        let food = user.get(&format!("/{kind}s/{}", text(row, "id"))).await.is(200).data();
        assert_eq!(food["diet"], "vegan", "{food}");
        assert!(is_free_of(&food, &["dairy", "nuts"]), "{food}");
    }
    for kind in ["product", "meal"] {
        let rows = user.get(&format!("/recommendations?type={kind}&limit=5")).await.rows();
        assert!(rows.len() == 5 && rows.iter().all(|row| row["kind"] == kind));
    }
    user.get("/recommendations?type=x&limit=x").await.invalid(&["type", "limit"]);
}

#[tokio::test]
async fn recommendations_differ_by_goal() {
    let backend = Backend::start().await;
    let mut tops = Vec::new();
    // Users 1, 2 and 3 have the three goals.
    for number in 1..=3 {
        let rows = backend.user(number).await.get("/recommendations?limit=5").await.rows();
        tops.push(rows.iter().map(|row| text(row, "id").to_owned()).collect::<Vec<_>>());
    }
    assert!(tops[0] != tops[1] && tops[1] != tops[2] && tops[0] != tops[2]);
}

#[tokio::test]
async fn feedback_changes_the_next_list() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let path = "/recommendations?limit=20";
    let before = user.get(path).await.is(200).rows();
    let (disliked, liked) = (text(&before[0], "id"), text(&before[15], "id"));
    let feedback = |id: &str| format!("/recommendations/{id}/feedback");
    user.post(&feedback(disliked), json!({ "liked": false })).await.is(204);
    user.post(&feedback(liked), json!({ "liked": true })).await.is(204);
    let after = user.get(path).await.is(200).rows();
    let position = |id: &str| after.iter().position(|row| row["id"] == id);
    assert_eq!(position(disliked), None);
    assert!(position(liked).is_some_and(|position| position < 5), "{after:?}");
    user.post(&feedback(NOBODY), json!({ "liked": true })).await.refused(404, "NOT_FOUND");
    user.post(&feedback(liked), json!({ "liked": "yes" })).await.invalid(&["liked"]);
}

#[tokio::test]
async fn a_planned_meal_counts_in_the_days_sums_until_it_is_removed() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let meal = user.first("/meals?limit=1").await;
    let summary = "/nutrition/summary?date=2026-03-01";
    let empty = json!({
        "date": "2026-03-01", "totalCalories": 0.0, "protein": 0.0, "fat": 0.0, "carbs": 0.0,
        "meals": 0,
    });
    assert_eq!(user.get(summary).await.is(200).data(), empty);
    assert!(user.get("/meal-plan/daily/2026-03-01").await.is(200).data().is_null());
    let half = meal["weight"].as_f64().expect("grams") / 2.0;
    let planned = json!({ "mealId": meal["id"], "date": "2026-03-01", "portion": half });
    let added = user.post("/meal-plan/meals", planned).await.is(201).data();
    let expected = meal["calories"].as_f64().expect("kcal") / 2.0;
    let calories = added["calories"].as_f64().expect("kcal");
    assert!((calories - expected).abs() < 0.1);
    let summed = user.get(summary).await.is(200).data();
    assert_eq!((&summed["totalCalories"], &summed["meals"]), (&added["calories"], &json!(1)));
    let day = user.get("/meal-plan/daily/2026-03-01").await.is(200).data();
    assert_eq!(day["meals"], json!([added]));
    let path = format!("/meal-plan/meals/{}", text(&added, "id"));
    backend.user(2).await.delete(&path).await.refused(404, "NOT_FOUND");
    user.delete(&path).await.is(204);
    user.delete(&path).await.refused(404, "NOT_FOUND");
    assert_eq!(user.get(summary).await.is(200).data(), empty);
}

#[tokio::test]
async fn a_wrong_plan_entry_is_refused() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let path = "/meal-plan/meals";
    user.post(path, json!({})).await.invalid(&["mealId", "date", "portion"]);
    let wrong = json!({ "mealId": NOBODY, "date": "2026-02-30", "portion": 0 });
    user.post(path, wrong).await.invalid(&["date", "portion"]);
    let unknown = json!({ "mealId": NOBODY, "date": "2026-02-01", "portion": 100 });
    user.post(path, unknown).await.refused(404, "NOT_FOUND");
    user.get("/meal-plan/daily/tomorrow").await.invalid(&["date"]);
    user.get("/nutrition/summary").await.invalid(&["date"]);
    user.get("/nutrition/summary?date=1.1.2026").await.invalid(&["date"]);
}

#[tokio::test]
async fn a_batch_is_added_whole_or_not_at_all() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let meal = user.first("/meals?limit=1").await;
    let entry = |id: &Value| json!({ "mealId": id, "date": "2026-04-01", "portion": 150 });
    let mut meals = vec![entry(&meal["id"]); 5];
    let added = user.post("/meal-plan/batch", json!({ "meals": meals })).await.is(201).data();
    assert_eq!(added["count"], 5);
    assert_eq!(added["ids"].as_array().map(Vec::len), Some(5));
    let summary = "/nutrition/summary?date=2026-04-01";
    assert_eq!(user.get(summary).await.data()["meals"], 5);
    meals[3] = entry(&json!(NOBODY));
    let answer = user.post("/meal-plan/batch", json!({ "meals": meals })).await;
    answer.invalid(&["meals[3].mealId"]);
    assert_eq!(user.get(summary).await.data()["meals"], 5);
    user.post("/meal-plan/batch", json!({ "meals": [] })).await.invalid(&["meals"]);
    let too_many = vec![entry(&meal["id"]); 51];
    user.post("/meal-plan/batch", json!({ "meals": too_many })).await.invalid(&["meals"]);
    let wrong = json!({ "meals": [{ "mealId": "x", "date": "x", "portion": 1 }] });
    user.post("/meal-plan/batch", wrong).await.invalid(&["meals[0].date"]);
}

#[tokio::test]
async fn a_generated_day_fits_the_profile_and_is_generated_once() {
    let backend = Backend::start().await;
    // User 12 is vegan and allergic to nuts and peanuts.
    let user = backend.user(12).await;
    let body = json!({ "date": "2026-05-01" });
    let day = user.post("/meal-plan/generate", body.clone()).await.is(200).data();
    let meals = day["meals"].as_array().expect("meals");
    assert!((3..=4).contains(&meals.len()), "{day}");
    for planned in meals {
        let meal = user.get(&format!("/meals/{}", text(planned, "mealId"))).await.data();
        assert_eq!(meal["diet"], "vegan");
        assert!(is_free_of(&meal, &["nuts", "peanuts"]), "{meal}");
    }
    let target = user.get("/health-profile").await.data()["dailyCalories"].as_f64();
    let total = day["totals"]["calories"].as_f64();
    let share = total.expect("kcal") / target.expect("kcal");
    assert!((0.7..1.3).contains(&share), "{share} of the day's energy");
    let again = user.post("/meal-plan/generate", body).await.is(200).data();
    assert_eq!(again["totals"], day["totals"], "asking again adds nothing");
    let seen = user.get("/meal-plan/daily/2026-05-01").await.is(200).data();
    assert_eq!(seen["id"], day["id"]);
}

#[tokio::test]
async fn generating_keeps_what_was_planned_by_hand() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let meal = user.first("/meals?limit=1").await;
    let planned = json!({ "mealId": meal["id"], "date": "2026-05-02", "portion": 100 });
    let by_hand = user.post("/meal-plan/meals", planned).await.is(201).data();
    let body = json!({ "date": "2026-05-02" });
    let day = user.post("/meal-plan/generate", body).await.is(200).data();
    assert_eq!(day["meals"].as_array().map(Vec::len), Some(5));
    assert!(day["meals"].to_string().contains(text(&by_hand, "id")));
}

#[tokio::test]
async fn a_week_is_seven_days() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let body = json!({ "start_date": "2026-02-26" });
    let week = user.post("/meal-plan/weekly", body).await.is(200).rows();
    let dates: Vec<_> = week.iter().map(|day| text(day, "date")).collect();
    assert_eq!(dates.len(), 7);
    assert_eq!((dates[0], dates[3], dates[6]), ("2026-02-26", "2026-03-01", "2026-03-04"));
    user.post("/meal-plan/weekly", json!({})).await.invalid(&["start_date"]);
    let late = json!({ "start_date": "9999-12-30" });
    user.post("/meal-plan/weekly", late).await.invalid(&["start_date"]);
    user.post("/meal-plan/generate", json!({ "date": 5 })).await.invalid(&["date"]);
    let newcomer = backend.newcomer("ann").await;
    let body = json!({ "date": "2026-05-01" });
    newcomer.post("/meal-plan/generate", body).await.refused(409, "PROFILE_REQUIRED");
    let body = json!({ "start_date": "2026-05-01" });
    newcomer.post("/meal-plan/weekly", body).await.refused(409, "PROFILE_REQUIRED");
}
